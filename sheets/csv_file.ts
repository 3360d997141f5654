import { dirname } from "node:path";
import { BOM, type End, findRows, idIn, readRows, standsAt } from "./csv_rows.ts";
import { explainFileError } from "./file_errors.ts";
import { HEADER, type Notice, type Row, type RowPosition, type Sheet, SheetError } from "./sheet.ts";

export interface CsvFileOptions {
  readonly path: string;
  /** Whether a file that is made begins with a byte order mark; one that exists keeps what it has. */
  readonly bom?: boolean;
  /** Told what the operator should know. */
  readonly noticed?: (notice: Notice) => void;
}

/**
 * Rows in a CSV file: RFC 4180 (commas, CRLF, quotes doubled), UTF-8. {@link RowPosition.position} is the byte at which the
 * row begins.
 *
 * The file belongs to people, too: nothing in it is ever cut or changed, new rows only go behind what stands. What a
 * crash left of a row is known by being the beginning of a row that is about to be appended, and is completed.
 * Anything else that lacks its line end is somebody's, and gets one. Behind a quote that is never closed no row can
 * stand, so that the file is left as it is until somebody has closed it.
 *
 * The path is opened anew for every append, so a file that was deleted or rotated is made again instead of being
 * written to after it has lost its name. Rows that went with it aren't ours to restore, but {@link CsvFileOptions.noticed}
 * is told when the last one isn't there any more.
 *
 * Several isolates or processes may hold the same path: an append takes the file's lock, and where the file isn't as
 * this one left it, it looks whether the rows stand already, and then throws, so that the caller looks first. That
 * keeps a writer that slept through a change of shift from writing its rows a second time.
 */
export class CsvFile implements Sheet {
  readonly name: string;
  readonly #path: string;
  readonly #header: Uint8Array;
  readonly #noticed: (notice: Notice) => void;
  /** The file as it was when it ended with a whole row, and nobody else had touched it. */
  #known: Version | undefined;
  /** The id of the last row that was written, here or by whoever wrote before. */
  #lastId: string | undefined;

  constructor({ path, bom = true, noticed = () => {} }: CsvFileOptions) {
    this.#path = path;
    this.name = `CSV file ${path}`;
    this.#header = bom ? BOM_HEADER : PLAIN_HEADER;
    this.#noticed = noticed;
  }

  open(signal: AbortSignal, last?: RowPosition): Promise<void> {
    return this.#explain(async () => {
      using file = await this.#lock(signal);
      this.#lastId = last?.id ?? this.#lastId;
      const { end } = await this.#look(file, NO_IDS, signal);
      if (end.isEndless) throw this.#unclosed(end);
    });
  }

  append(rows: readonly Row[], signal: AbortSignal): Promise<RowPosition> {
    return this.#explain(async () => {
      using file = await this.#lock(signal);
      let bytes = encoder.encode(toCsv(rows));
      let lastLength = encoder.encode(toCsv(rows.slice(-1))).length;
      if (!isSame(this.#known, await versionOf(file))) {
        const { end, standing } = await this.#look(file, new Set(rows.map(([, , , , id]) => id)), signal);
        if (standing.size) {
          throw new Error(`${this.name} has rows that somebody else wrote: look before appending`);
        }
        const torn = tornRow(end, rows);
        if (torn >= 0) {
          const all = [rows[torn], ...rows.toSpliced(torn, 1)];
          bytes = encoder.encode(toCsv(all)).subarray(end.rest.length);
          lastLength = encoder.encode(toCsv(all.slice(-1))).length;
        } else if (end.isQuoted || end.isEndless) throw this.#unclosed(end);
        else if (end.rest.length) {
          const lineEnd = end.rest[end.rest.length - 1] === RETURN ? "\n" : "\r\n";
          bytes = encoder.encode(lineEnd + toCsv(rows));
        }
      }
      const { bytes: size } = await this.#write(file, bytes);
      const id = rows[rows.length - 1][4];
      this.#lastId = id;
      return { position: size - lastLength, id };
    });
  }

  find(
    ids: ReadonlySet<string>,
    from: RowPosition | undefined,
    signal: AbortSignal,
  ): Promise<{ standing: ReadonlySet<string>; last: RowPosition | undefined }> {
    return this.#explain(async () => {
      using file = await this.#lock(signal);
      let found = from && await standsAt(file, from, signal)
        ? await findRows(file, from.position, ids, signal)
        : undefined;
      // Somebody may have sorted the file so that the mark's row happens to stand where it stood.
      if (!found || found.standing.size < ids.size) found = await findRows(file, 0, ids, signal);
      // Whoever wrote them may have been killed before they were on the disk.
      if (found.standing.size) await file.syncData();
      return found;
    });
  }

  /** Nothing stands twice: an append compares the file with what it knows, under the file's lock. */
  removeDoubles(): Promise<number> {
    return Promise.resolve(0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Opens the file for one operation and waits for its lock, which goes when the file is closed. A holder that
   * was stopped in the middle of a write keeps the lock, so the wait has an end.
   */
  async #lock(signal: AbortSignal): Promise<Deno.FsFile> {
    signal.throwIfAborted();
    await Deno.mkdir(dirname(this.#path), { recursive: true });
    const file = await Deno.open(this.#path, { read: true, append: true, create: true });
    const patience = Promise.withResolvers<never>();
    const giveUp = (): void => patience.reject(signal.reason);
    const timer = setTimeout(() => {
      patience.reject(new SheetError("busy", `${this.name} is locked by another process.`));
    }, LOCK_PATIENCE_MS);
    try {
      signal.addEventListener("abort", giveUp);
      await Promise.race([file.lock(true), patience.promise]);
      return file;
    } catch (error) {
      file.close();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /**
   * Reads the whole file: which of `ids` stand, and how it ends. Makes the header where there is none, and tells when
   * the last row that was written isn't there any more.
   */
  async #look(
    file: Deno.FsFile,
    ids: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<{ end: End; standing: ReadonlySet<string> }> {
    this.#known = undefined;
    const isNew = await this.#begin(file);
    const version = await versionOf(file);
    const standing = new Set<string>();
    const lastId = this.#lastId;
    const lastBytes = encoder.encode(lastId);
    let isLastThere = lastId === undefined;
    const end = await readRows(file, 0, signal, (row) => {
      // As it was written; reading each row's id would take longer than all the rest.
      isLastThere ||= endsWith(row, lastBytes);
      if (!ids.size) return;
      const id = idIn(row);
      if (ids.has(id)) standing.add(id);
    });
    // A program may have saved it in another form.
    isLastThere ||= (await findRows(file, 0, new Set([lastId ?? ""]), signal)).standing.size > 0;
    if (!isLastThere && !end.isQuoted) {
      this.#lastId = undefined;
      this.#noticed({ code: "rows_missing", message: isNew ? this.#gone() : this.#changed() });
    }
    if (!end.rest.length && !end.isEndless) this.#known = version;
    return { end, standing };
  }

  /** Writes the header, or what a crash left out of it, into a file that has nothing else; answers whether it did. */
  async #begin(file: Deno.FsFile): Promise<boolean> {
    const start = new Uint8Array(BOM_HEADER.length);
    await file.seek(0, Deno.SeekMode.Start);
    const held = start.subarray(0, await file.read(start) ?? 0);
    if (UTF_16.includes((held[0] << 8) | held[1])) {
      throw new SheetError(
        "setup",
        `${this.name} is saved as UTF-16: save it as CSV in UTF-8, or move the file away.`,
      );
    }
    const header = [this.#header, PLAIN_HEADER, BOM_HEADER].find((header) => startsWith(header, held));
    if (!header || held.length === header.length) return false;
    await this.#write(file, header.subarray(held.length));
    return true;
  }

  /**
   * Writes `bytes` at the file's end for good, and answers how the file is then. Throws when that failed, or when the
   * file isn't, by then, the one at the path with these bytes at its end: whether they stand can't be known.
   */
  async #write(file: Deno.FsFile, bytes: Uint8Array): Promise<Version> {
    this.#known = undefined;
    const { inode, bytes: start } = await versionOf(file);
    let written = 0;
    try {
      while (written < bytes.length) written += await file.write(bytes.subarray(written));
      await file.syncData();
    } catch (error) {
      // Takes back what was written here just now, unless somebody has written behind it.
      if ((await versionOf(file)).bytes === start + written) await file.truncate(start);
      throw error;
    }
    // A file that loses its name while it is written to takes the rows with it.
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
      throw explainFileError(error, this.name);
    }
  }
}

/**
 * Rows as CSV text, each ended by CRLF. A cell that a spreadsheet would run as a formula gets an apostrophe in
 * front, also where only quotes and spaces stand before the formula; the characters are those of OWASP's page
 * "CSV Injection" (https://owasp.org/www-community/attacks/CSV_Injection), in full width, too, and in the small forms
 * that Unicode takes for the same.
 */
export function toCsv(rows: readonly Row[]): string {
  let text = "";
  for (const row of rows) text += row.map(toCell).join(",") + "\r\n";
  return text;
}

function toCell(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text;
  return SPECIAL.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

// NEL, and what else may stand in front of a formula.
const FORMULA = /^["\s\u0085\u200b]*[=+\-@＝＋－＠﹦﹢﹣﹫]|^"*[\t\r\n\u0085]/;
const SPECIAL = /[",\r\n]/;

const encoder = new TextEncoder();
const PLAIN_HEADER = encoder.encode(toCsv([HEADER]));
const BOM_HEADER = Uint8Array.of(...BOM, ...PLAIN_HEADER);
/** What UTF-16 begins with, in both orders. */
const UTF_16 = [0xfffe, 0xfeff];
const NO_IDS: ReadonlySet<string> = new Set();
const RETURN = 0x0d;

/** What a file is known by. */
interface Version {
  readonly inode: number | null;
  readonly bytes: number;
  readonly changedAt: number | undefined;
}

async function versionOf(file: Deno.FsFile): Promise<Version> {
  const { ino: inode, size: bytes, mtime } = await file.stat();
  return { inode, bytes, changedAt: mtime?.getTime() };
}

function isSame(a: Version | undefined, b: Version): boolean {
  return a?.inode === b.inode && a.bytes === b.bytes && a.changedAt === b.changedAt;
}

/** Which of the rows a crash left half written at the file's end; -1 when what stands there is none of them. */
function tornRow({ rest }: End, rows: readonly Row[]): number {
  if (!rest.length) return -1;
  return rows.findIndex((row) => startsWith(encoder.encode(toCsv([row])), rest));
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  let at = end.length;
  const offset = bytes.length - at;
  while (at > 0 && bytes[offset + at - 1] === end[at - 1]) at--;
  return at === 0;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.length <= bytes.length && start.every((byte, at) => byte === bytes[at]);
}

const LOCK_PATIENCE_MS = 10_000;
