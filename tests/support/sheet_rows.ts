import type { Row } from "../../sheets/sheet.ts";

/** Signal of a test that stops nothing. */
export const never = new AbortController().signal;

/** A valid row, number `n` of a conversation; ids sort like ULIDs do. */
export function row(n: number, message = `message ${n}`): Row {
  return ["2026-03-01 10:00:00", "lobby", n % 2 ? "ada" : "bo", message, idOf(n)];
}

/** Rows `from` to `to`, both included. */
export function rows(from: number, to: number): Row[] {
  return Array.from({ length: to - from + 1 }, (_, index) => row(from + index));
}

/** The id of row `n`. */
export function idOf(n: number): string {
  return `01J${String(n).padStart(23, "0")}`;
}

/**
 * Reads CSV text as RFC 4180 has it, strictly: throws where a quote or a line end isn't where it must be. A byte order
 * mark in front is left out.
 */
export function parseCsv(whole: string): string[][] {
  const text = whole.replace(/^\ufeff/, "");
  const rows: string[][] = [];
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y;
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match) {
      throw new SyntaxError(`No CSV at character ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
    }
    const [, raw, end] = match;
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
