/** Workbooks as another program reads them. */
import { readXlsx } from "hucre/xlsx";

/** The rows of each sheet, by its name; empty cells are `""`. */
export async function sheetsOf(bytes: Uint8Array): Promise<Record<string, string[][]>> {
  const { sheets } = await readXlsx(bytes);
  return Object.fromEntries(
    sheets.map(({ name, rows }) => [name, rows.map((row) => row.map((cell) => String(cell ?? "")))]),
  );
}
