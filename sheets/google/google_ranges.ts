/** Ranges as Google names them in its answers, in A1 notation. */

/** Cells of a tab. */
export interface RowRange {
  readonly tab: string;
  readonly firstColumn: string;
  readonly lastColumn: string;
  /** Row numbers, counted from 1. */
  readonly firstRow: number;
  readonly lastRow: number;
}

/** Parses a range such as `'My tab'!A2:E4` or `Logger!E7`; `undefined` when it isn't a range of cells. */
export function parseRange(range: string | null | undefined): RowRange | undefined {
  const match = RANGE.exec(range ?? "");
  if (!match) return undefined;
  const [, quoted, plain, firstColumn, first, lastColumn = firstColumn, last = first] = match;
  return {
    tab: quoted?.replaceAll("''", "'") ?? plain,
    firstColumn,
    lastColumn,
    firstRow: Number(first),
    lastRow: Number(last),
  };
}

/** The letters of a column, whose index is counted from 0. */
export function letterOf(index: number): string {
  return (index >= 26 ? letterOf(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + index % 26);
}

const RANGE = /^(?:'((?:[^']|'')+)'|([^'!]+))!([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?$/;
