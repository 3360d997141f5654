import { assertEquals } from "@std/assert";
import { CsvFile } from "../../sheets/csv_file.ts";
import { HEADER, type Notice } from "../../sheets/sheet.ts";
import { parseCsv } from "./sheet_rows.ts";

/** A CSV file at a path of its own, in a directory that goes with the test. */
export class CsvPlace implements AsyncDisposable {
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/ChatLogs.csv`;
  /** What the operator was told. */
  readonly notices: Notice[] = [];
  readonly file = this.another();

  /** One more on the same path, as another process or the next start has it. */
  another(): CsvFile {
    return new CsvFile({ path: this.path, noticed: (notice) => this.notices.push(notice) });
  }

  /** The text without its byte order mark. */
  async read(): Promise<string> {
    return (await Deno.readTextFile(this.path)).replace("\ufeff", "");
  }

  /** The ids in the file, header left out; fails where the file isn't CSV. */
  async ids(): Promise<string[]> {
    const [header, ...rows] = parseCsv(await this.read());
    assertEquals(header, [...HEADER]);
    return rows.map((row) => row[4]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.directory, { recursive: true });
  }
}
