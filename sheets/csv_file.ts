/** Rows in a CSV file. */
import { BOM, cellsOf, type End, findRows, idIn, isAt, isWhole, readPages, readRows } from "./csv_rows.ts";
import { inert, toCsv } from "./csv_text.ts";
import { explainFileError } from "./file_errors.ts";
import { isMessage, Layout } from "./column_layout.ts";
import {
  type FoundRows,
  HEADER,
  idOf,
  type Notice,
  type Row,
  type RowPosition,
  type Sheet,
  SheetError,
} from "./sheet.ts";
import { type FileVersion, isSameVersion, openLocked, versionOf } from "./shared_file.ts";

/** Which file to write. */
export interface CsvFileOptions {
  readonly path: string;
  /** The columns that a new file gets, `id` among them; {@link HEADER} unless told otherwise. */
  readonly header?: Row;
  /** Whether a new file begins with a byte order mark; an existing one stays as it is. */
  readonly bom?: boolean;
  /** Called with what the operator should know. */
  readonly noticed?: (notice: Notice) => void;
}

/**
 * Rows in a CSV file: RFC 4180 (commas, CRLF, quotes doubled), UTF-8. {@link RowPosition.position} is the byte at which the
 * row begins.
 *
 * People edit the file, too: rows are only appended, nothing is cut or changed. A last row without its line end that is the
 * beginning of a row to append was torn by a crash, and is completed. Any other last row without a line end is somebody's,
 * and gets one. Behind a quote that is never closed no row can be appended: the file stays as it is until somebody closes
 * the quote.
 *
 * The path is opened again for every append, so that a file that was deleted or rotated is made anew. Rows that went with it
 * are not restored, but {@link CsvFileOptions.noticed} is called when the last one is missing.
 *
 * Several isolates or processes may write to the same path. An append takes the file's lock. When the file has changed since
 * this writer's last append and has some of the rows, the append throws, and the caller has to search first: so a writer
 * that was paused while another took over doesn't write its rows a second time.
 */
export class CsvFile implements Sheet {
  readonly name: string;
  readonly #path: string;
  readonly #columns: Row;
  /** Where our columns are: as configured, until the header is read. */
  #layout: Layout;
  readonly #plainHeader: Uint8Array;
  readonly #bomHeader: Uint8Array;
  readonly #header: Uint8Array;
  readonly #noticed: (notice: Notice) => void;
  /** The file as it was after our last append or check, when it ended with a whole row. */
  #known: FileVersion | undefined;
  /** The id of the last row that was written, here or by an earlier process. */
  #lastId: string | undefined;

  constructor({ path, header = HEADER, bom = true, noticed = () => {} }: CsvFileOptions) {
    this.#path = path;
    this.name = `CSV file ${path}`;
    this.#columns = header;
    this.#layout = Layout.configured(header);
    this.#plainHeader = encoder.encode(toCsv([header]));
    this.#bomHeader = Uint8Array.of(...BOM, ...this.#plainHeader);
    this.#header = bom ? this.#bomHeader : this.#plainHeader;
    this.#noticed = noticed;
  }

  open(signal: AbortSignal, last?: RowPosition): Promise<void> {
    return this.#explain(async () => {
      using file = await this.#open(signal);
      this.#lastId = last?.id ?? this.#lastId;
      const { end } = await this.#read(file, NO_IDS, signal);
      if (end.isEndless) throw this.#unclosed(end);
    });
  }

  append(rows: readonly Row[], signal: AbortSignal): Promise<RowPosition> {
    return this.#explain(async () => {
      using file = await this.#open(signal);
      const encode = (rows: readonly Row[], before = "") =>
        encoder.encode(before + toCsv(rows.map((row) => this.#layout.spread(row, ""))));
      let bytes = encode(rows);
      let lastLength = encode(rows.slice(-1)).length;
      if (!isSameVersion(this.#known, await versionOf(file))) {
        const { end, present } = await this.#read(file, new Set(rows.map(idOf)), signal);
        if (present.size) {
          throw new Error(`${this.name} has rows that somebody else wrote: search before appending`);
        }
        bytes = encode(rows);
        lastLength = encode(rows.slice(-1)).length;
        const torn = end.rest.length ? rows.findIndex((row) => startsWith(encode([row]), end.rest)) : -1;
        if (torn >= 0) {
          const all = [rows[torn], ...rows.toSpliced(torn, 1)];
          bytes = encode(all).subarray(end.rest.length);
          lastLength = encode(all.slice(-1)).length;
        } else if (end.isQuoted || end.isEndless) throw this.#unclosed(end);
        else if (end.rest.length) {
          const lineEnd = end.rest[end.rest.length - 1] === RETURN ? "\n" : "\r\n";
          bytes = encode(rows, lineEnd);
        }
      }
      const { bytes: size } = await this.#write(file, bytes);
      const id = idOf(rows[rows.length - 1]);
      this.#lastId = id;
      return { position: size - lastLength, id };
    });
  }

  find(
    ids: ReadonlySet<string>,
    from: RowPosition | undefined,
    signal: AbortSignal,
  ): Promise<FoundRows> {
    return this.#explain(async () => {
      using file = await this.#open(signal);
      let found = from && await isAt(file, from, this.#layout, signal)
        ? await findRows(file, from.position, ids, this.#layout, signal)
        : undefined;
      // People may have sorted the file in a way that left this row where it was.
      if (!found || found.present.size < ids.size) {
        found = await findRows(file, 0, ids, this.#layout, signal);
      }
      // Their writer may have been killed before they were on the disk.
      if (found.present.size) await file.syncData();
      return found;
    });
  }

  async *read(signal: AbortSignal): AsyncGenerator<readonly Row[]> {
    const file = await Deno.open(this.#path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw explainFileError(error, { name: this.name, path: this.#path });
    });
    if (!file) return;
    using _open = file;
    let layout: Layout | undefined;
    for await (const page of readPages(file, signal)) {
      if (!layout) {
        const [first = []] = page;
        layout = Layout.of(first, this.#columns, this.name);
        if (!isMessage(first)) page.shift();
      }
      yield page.map((cells) => layout?.collect(cells) ?? cells);
    }
  }

  shown(row: Row): Row {
    return row.map(inert);
  }

  async *check(signal: AbortSignal): AsyncGenerator<string> {
    await this.open(signal);
    yield "file";
  }

  /** A disk is watched elsewhere. */
  fullness(): Promise<number> {
    return Promise.resolve(0);
  }

  /** No row is ever written twice: an append checks the file under its lock. */
  removeDoubles(): Promise<number> {
    return Promise.resolve(0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #open(signal: AbortSignal): Promise<Deno.FsFile> {
    return openLocked({ path: this.#path, name: this.name }, signal);
  }

  /**
   * Reads the whole file: which of `ids` it has, and how it ends. Writes a missing header, and gives notice when the last
   * row that was written is missing.
   */
  async #read(
    file: Deno.FsFile,
    ids: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<{ end: End; present: ReadonlySet<string> }> {
    this.#known = undefined;
    const isNew = await this.#begin(file);
    const version = await versionOf(file);
    const present = new Set<string>();
    const lastId = this.#lastId;
    const lastBytes = encoder.encode(lastId);
    let isLastThere = lastId === undefined;
    const end = await readRows(file, 0, signal, (row, position, isEnded) => {
      if (position === 0) this.#layout = Layout.of(cellsOf(row), this.#columns, this.name);
      // Compares bytes: parsing each row's id would take longer than all the rest.
      isLastThere ||= endsWith(row, lastBytes);
      if (!ids.size || !isWhole(isEnded, this.#layout)) return;
      const id = idIn(row, this.#layout);
      if (ids.has(id)) present.add(id);
    });
    // A spreadsheet program may have saved the row in another form.
    isLastThere ||= (await findRows(file, 0, new Set([lastId ?? ""]), this.#layout, signal)).present.size > 0;
    if (!isLastThere && !end.isQuoted) {
      this.#lastId = undefined;
      this.#noticed({ code: "rows_missing", message: isNew ? this.#gone() : this.#changed() });
    }
    if (!end.rest.length && !end.isEndless) this.#known = version;
    return { end, present };
  }

  /** Writes the header, or the rest of a torn one, into a file that has nothing else; returns whether it did. */
  async #begin(file: Deno.FsFile): Promise<boolean> {
    const start = new Uint8Array(this.#bomHeader.length);
    await file.seek(0, Deno.SeekMode.Start);
    const held = start.subarray(0, await file.read(start) ?? 0);
    if (UTF_16.includes((held[0] << 8) | held[1])) {
      throw new SheetError(
        "setup",
        `${this.name} is saved as UTF-16: save it as CSV in UTF-8, or move the file away.`,
        { code: "file_utf16", values: { file: this.#path } },
      );
    }
    const header = [this.#header, this.#plainHeader, this.#bomHeader].find((header) =>
      startsWith(header, held)
    );
    if (!header || held.length === header.length) return false;
    await this.#write(file, header.subarray(held.length));
    return true;
  }

  /**
   * Writes `bytes` durably at the file's end, and returns the file's new version.
   *
   * @throws {Error} when writing failed, or the file isn't the one at the path any more, or doesn't end with these bytes:
   * then it isn't known whether the rows are in it.
   */
  async #write(file: Deno.FsFile, bytes: Uint8Array): Promise<FileVersion> {
    this.#known = undefined;
    const { inode, bytes: start } = await versionOf(file);
    let written = 0;
    try {
      while (written < bytes.length) written += await file.write(bytes.subarray(written));
      await file.syncData();
    } catch (error) {
      // Undoes this write, unless somebody has written behind it.
      if ((await versionOf(file)).bytes === start + written) await file.truncate(start);
      throw error;
    }
    // A file that was moved away during the write took the rows with it.
    const now = await Deno.stat(this.#path).catch(() => undefined);
    if (now?.ino !== inode || now.size !== start + bytes.length) {
      throw new Error(`${this.name} was replaced or changed during an append`);
    }
    return this.#known = await versionOf(file);
  }

  #unclosed({ rowsEnd }: End): SheetError {
    return new SheetError(
      "setup",
      `The row at byte ${rowsEnd} of ${this.name} never ends: close its quotes, or move the file away.`,
      { code: "file_unclosed", values: { file: this.#path, byte: String(rowsEnd) } },
    );
  }

  #gone(): string {
    return `${this.name} was moved, deleted or emptied: a new one is written, without the rows of before.`;
  }

  #changed(): string {
    return `The last row written to ${this.name} isn't in it any more: ` +
      "somebody took rows out, or saved an older copy over it.";
  }

  async #explain<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw explainFileError(error, { name: this.name, path: this.#path });
    }
  }
}

const encoder = new TextEncoder();
/** The byte order marks of UTF-16. */
const UTF_16 = [0xfffe, 0xfeff];
const NO_IDS: ReadonlySet<string> = new Set();
const RETURN = 0x0d;

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  let at = end.length;
  const offset = bytes.length - at;
  while (at > 0 && bytes[offset + at - 1] === end[at - 1]) at--;
  return at === 0;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.length <= bytes.length && start.every((byte, at) => byte === bytes[at]);
}
