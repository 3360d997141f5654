/**
 * Deletes duplicate rows from a tab in one `batchUpdate`, which Google carries out wholly or not at all.
 *
 * Google can't delete a row on the condition that it is still what was read, and people may sort the tab at that moment.
 * `deleteDuplicates` compares by itself, but would also delete rows of people that happen to be alike. So this request
 * inserts a temporary column in front that says which rows may be compared: it has the id in rows that were read as
 * duplicates, and a unique number in every other row.
 */
import type { sheets_v4 as v4 } from "googleapis";

/** Ids that have more than one row. */
export interface Doubles {
  /** The row of the first of them, counted from 1. */
  readonly firstRow: number;
  /** The cells of the temporary column, from that row to the last row with an id. */
  readonly keys: readonly string[];
  /** How many ids have more than one row. */
  readonly count: number;
}

/** Finds ids from `first` to `last` that are in a tab's id column more than once; `undefined` when there are none. */
export function findDoubles(
  column: readonly string[],
  { first, last }: { first: string; last: string },
): Doubles | undefined {
  const seen = new Set<string>();
  const doubled = new Set<string>();
  for (const id of column) {
    if (id < first || id > last) continue;
    if (seen.has(id)) doubled.add(id);
    seen.add(id);
  }
  const start = column.findIndex((id) => doubled.has(id));
  if (start < 0) return undefined;
  // A letter in front, so that no id is taken for a number.
  const keys = column.slice(start).map((id, index) => doubled.has(id) ? `x${id}` : String(index));
  return { firstRow: start + 1, keys, count: doubled.size };
}

/** The requests that keep the first row of each id; `idColumn` is counted from 0. */
export function requestsToRemove(
  { firstRow, keys }: Doubles,
  { sheetId, idColumn }: { sheetId: number; idColumn: number },
): v4.Schema$Request[] {
  const inFront = { sheetId, dimension: "COLUMNS", startIndex: 0, endIndex: 1 };
  const startRowIndex = firstRow - 1;
  return [
    { insertDimension: { range: inFront, inheritFromBefore: false } },
    {
      pasteData: {
        coordinate: { sheetId, rowIndex: startRowIndex, columnIndex: 0 },
        data: keys.join("\n"),
        delimiter: "\t",
        type: "PASTE_VALUES",
      },
    },
    {
      deleteDuplicates: {
        range: { sheetId, startRowIndex, endRowIndex: startRowIndex + keys.length },
        comparisonColumns: [
          inFront,
          { ...inFront, startIndex: idColumn + 1, endIndex: idColumn + 2 },
        ],
      },
    },
    { deleteDimension: { range: inFront } },
  ];
}
