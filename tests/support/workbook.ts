/** Workbooks as another program reads them. */
import { Buffer } from "node:buffer";
import readWorkbook from "read-excel-file/node";

/** The rows of each sheet, by its name; empty cells are `""`. */
export async function sheetsOf(bytes: Uint8Array): Promise<Record<string, string[][]>> {
  const sheets = await readWorkbook(Buffer.from(bytes), { trim: false });
  return Object.fromEntries(
    sheets.map(({ sheet, data }) => [sheet, data.map((row) => row.map((cell) => String(cell ?? "")))]),
  );
}
