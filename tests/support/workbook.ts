/** Workbooks as another program reads them. */
import { readXlsx } from "hucre/xlsx";

/** The rows of each sheet, by its name; empty cells are `""`, and times `YYYY-MM-DD HH:MM:SS`. */
export async function sheetsOf(bytes: Uint8Array): Promise<Record<string, string[][]>> {
  const { sheets } = await readXlsx(bytes);
  return Object.fromEntries(
    sheets.map(({ name, rows }) => [name, rows.map((row) => row.map(textOf))]),
  );
}

function textOf(cell: unknown): string {
  return cell instanceof Date ? cell.toISOString().slice(0, 19).replace("T", " ") : String(cell ?? "");
}
