/** Appends rows to a CSV file until it is killed: `sheet_csv_writer.ts PATH FIRST`; prints the last row's number. */
import { CsvFile } from "../../sheets/csv_file.ts";
import { never, rows } from "./sheet_rows.ts";

const [path, first] = Deno.args;
const file = new CsvFile({ path });
await file.open(never);
for (let from = Number(first);; from += 500) {
  await file.append(rows(from, from + 499), never);
  // deno-lint-ignore no-console -- this is its output
  console.log(from + 499);
}
