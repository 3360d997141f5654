/** Rows as CSV text. */
import type { Row } from "./sheet.ts";

/**
 * Rows as CSV text, each ended by CRLF. A cell that a spreadsheet would run as a formula gets an apostrophe in front, also
 * when quotes and spaces precede the formula. The characters are those of https://owasp.org/www-community/attacks/CSV_Injection,
 * with their full-width and small forms in Unicode.
 */
export function toCsv(rows: readonly Row[]): string {
  let text = "";
  for (const row of rows) text += row.map(toCell).join(",") + "\r\n";
  return text;
}

function toCell(text: string): string {
  const cell = inert(text);
  return SPECIAL.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** The text of a cell that no program runs as a formula. */
export function inert(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

// With NEL and other white space that may precede a formula.
const FORMULA = /^["\s\u0085\u200b]*[=+\-@＝＋－＠﹦﹢﹣﹫]|^"*[\t\r\n\u0085]/;
const SPECIAL = /[",\r\n]/;
