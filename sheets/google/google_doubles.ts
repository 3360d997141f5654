/**
 * Takes rows that stand twice out of a tab, in one `batchUpdate`, which Google carries out wholly or not at all.
 *
 * Google has no way to delete a row only if it is still what was read, and people may sort the tab at that very
 * moment. `deleteDuplicates` looks for itself, but it would take out rows of people that happen to be alike, too. So for
 * the length of this request a column in front says which rows may be compared: it holds the id in rows that were read
 * as doubled, and a number of its own in every other row.
 */
import type { sheets_v4 as v4 } from "googleapis";

/** Ids that stand more than once. */
export interface Doubles {
  /** The row of the first of them, counted from 1. */
  readonly firstRow: number;
  /** What the column in front holds from that row on, down to the last row that has an id. */
  readonly keys: readonly string[];
  /** How many ids stand more than once. */
  readonly count: number;
}

/** Looks for ids from `first` to `last` that stand more than once in a tab's id column. */
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

/** The requests that keep the first row of each; `idColumn` is its index, counted from 0. */
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
