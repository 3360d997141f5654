import { dirname } from "node:path";
import { HEADER, type Mark, type Row, type Sheet, SheetError } from "./sheet.ts";

/**
 * Rows in a CSV file: RFC 4180 (commas, CRLF, quotes doubled), UTF-8 without a byte order mark, because a program
 * that reads the file would find the mark in the name of the first column. {@link Mark.position} is the byte at
 * which the row begins.
 *
 * A row counts once the line feed that ends it stands in the file; what a crash left behind the last one is cut
 * off before anything is appended. The path is opened anew for every append, so a file that was deleted or rotated
 * is made again instead of being written to after it has lost its name.
 *
 * Several isolates or processes may hold the same path: an append takes the file's lock, and where somebody else
 * has written since this one last looked, it appends nothing and throws, so that the caller looks first. That
 * keeps a writer that slept through a change of shift from writing its rows a second time.
 */
export class CsvFile implements Sheet {
  readonly name: string;
  readonly #path: string;
  /** The file as we last knew it to end: by {@linkcode open}, {@linkcode append} or {@linkcode find}. */
  #known: { inode: number | null; bytes: number } | undefined;

  constructor({ path }: { path: string }) {
    this.#path = path;
    this.name = `CSV file ${path}`;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#explain(async () => {
      using file = await this.#lock(signal);
      await this.#mend(file, signal);
    });
  }

  append(rows: readonly Row[], signal: AbortSignal): Promise<Mark> {
    return this.#explain(async () => {
      using file = await this.#lock(signal);
      const { ino: inode, size } = await file.stat();
      let start = size;
      if (size === 0 || this.#known?.inode !== inode || this.#known.bytes !== size) {
        start = await this.#mend(file, signal);
        if (start > HEADER_BYTES.length) {
          throw new Error(`${this.name} has rows that somebody else wrote: look before appending`);
        }
      }

      const last = encoder.encode(toCsv(rows.slice(-1)));
      const bytes = encoder.encode(toCsv(rows));
      await this.#write(file, bytes, start);
      // A file that loses its name while it is written to takes the rows with it.
      if ((await Deno.stat(this.#path).catch(() => undefined))?.ino !== inode) {
        this.#known = undefined;
        throw new Error(`${this.name} was replaced during an append`);
      }
      return { position: start + bytes.length - last.length, id: rows[rows.length - 1][4] };
    });
  }

  find(
    ids: ReadonlySet<string>,
    from: Mark | undefined,
    signal: AbortSignal,
  ): Promise<{ standing: ReadonlySet<string>; last: Mark | undefined }> {
    return this.#explain(async () => {
      using file = await this.#lock(signal);
      const start = from && await standsAt(file, from, signal) ? from.position : 0;
      const standing = new Set<string>();
      let last: Mark | undefined;
      const end = await readRows(file, start, signal, (row, position) => {
        const id = lastCell(row);
        if (!ids.has(id)) return;
        standing.add(id);
        last = { position, id };
      });
      await this.#cut(file, end);
      return { standing, last };
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
   * Cuts off a torn last row, ends one that lacks only its line end (an editor may have taken it), writes the header
   * into an empty file, and returns where the next row goes.
   */
  async #mend(file: Deno.FsFile, signal: AbortSignal): Promise<number> {
    const end = await readRows(file, 0, signal, () => {});
    const rest = await readRest(file, end);
    await this.#cut(file, end);
    if (isWholeRow(rest)) {
      const row = encoder.encode(`${rest.trimEnd()}\r\n`);
      await this.#write(file, row, end);
      return end + row.length;
    }
    if (end > 0) return end;
    await this.#write(file, HEADER_BYTES, 0);
    return HEADER_BYTES.length;
  }

  /** Makes the file end at `end`, and knows it from then on. */
  async #cut(file: Deno.FsFile, end: number): Promise<void> {
    this.#known = undefined;
    const { ino: inode, size } = await file.stat();
    if (size > end) await file.truncate(end);
    this.#known = { inode, bytes: end };
  }

  /** Writes `bytes` for good at `start`, where the file ends: or takes them back and throws. */
  async #write(file: Deno.FsFile, bytes: Uint8Array, start: number): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.syncData();
    } catch (error) {
      await this.#cut(file, start);
      throw error;
    }
    this.#known = { inode: (await file.stat()).ino, bytes: start + bytes.length };
  }

  /** Runs an operation and gives the failures that an operator can mend their sentence. */
  async #explain<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (cause) {
      if (!(cause instanceof Error) || cause instanceof SheetError) throw cause;
      const code = "code" in cause ? String(cause.code) : cause.name;
      const advice = ADVICE.get(code);
      if (!advice) throw cause;
      const kind = DISK_FULL.has(code) ? "busy" : "setup";
      throw new SheetError(kind, `${this.name} can't be written: ${advice}.`, { cause });
    }
  }
}

/**
 * Rows as CSV text, each ended by CRLF. A cell that a spreadsheet would run as a formula gets an apostrophe in
 * front, also where only quotes stand before the formula; the characters are those of OWASP's page
 * "CSV Injection".
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

const FORMULA = /^"*[=+\-@\t\r]/;
const SPECIAL = /[",\r\n]/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HEADER_BYTES = encoder.encode(toCsv([HEADER]));

/** Whether the row at the mark is still the one that the mark was made of. */
async function standsAt(file: Deno.FsFile, mark: Mark, signal: AbortSignal): Promise<boolean> {
  let stands = false;
  await readRows(file, mark.position, signal, (row) => {
    stands = lastCell(row) === mark.id;
    return "stop";
  });
  return stands;
}

/**
 * Reads whole rows from the byte `start` on, shows `visit` each one (without its line feed) and the byte where it
 * begins, and returns the byte behind the last one. Holds one buffer, whatever the size of the file. A line feed
 * outside quotes ends a row, so a file that came back from an editor with bare line feeds reads the same.
 */
async function readRows(
  file: Deno.FsFile,
  start: number,
  signal: AbortSignal,
  visit: (row: Uint8Array, position: number) => "stop" | void,
): Promise<number> {
  const buffer = new Uint8Array(LONGEST_ROW_BYTES);
  /** The file's byte that stands first in the buffer: always the beginning of a row. */
  let base = start;
  let held = 0;
  let isQuoted = false;
  await file.seek(start, Deno.SeekMode.Start);
  while (true) {
    signal.throwIfAborted();
    const count = await file.read(buffer.subarray(held));
    if (count === null) return base;
    const end = held + count;
    let row = 0;
    for (let at = held; at < end; at++) {
      const byte = buffer[at];
      if (byte === QUOTE) isQuoted = !isQuoted;
      else if (byte === LINE_FEED && !isQuoted) {
        if (visit(buffer.subarray(row, at), base + row) === "stop") return base + at + 1;
        row = at + 1;
      }
    }
    buffer.copyWithin(0, row, end);
    base += row;
    held = end - row;
    if (held === buffer.length) {
      // Cutting here would throw away rows of people who edited the file and left a quote open.
      throw new SheetError(
        "setup",
        `The CSV file's row at byte ${base} never ends: close its quotes, or move the file away.`,
      );
    }
  }
}

/** What stands behind the last whole row. */
async function readRest(file: Deno.FsFile, start: number): Promise<string> {
  await file.seek(start, Deno.SeekMode.Start);
  const buffer = new Uint8Array(LONGEST_ROW_BYTES);
  let held = 0;
  for (let count = await file.read(buffer); count; count = await file.read(buffer.subarray(held))) {
    held += count;
  }
  return decoder.decode(buffer.subarray(0, held));
}

/** Whether a text is five cells, the last of which is an id: nothing is missing but the line end. */
function isWholeRow(text: string): boolean {
  return /^(?:(?:"(?:[^"]|"")*"|[^",\r\n]*),){4}"?[0-9A-HJKMNP-TV-Z]{26}"?\r?$/.test(text);
}

/** The id: what stands behind the last comma. A spreadsheet that saved the file may have quoted it. */
function lastCell(row: Uint8Array): string {
  let end = row.length;
  if (row[end - 1] === RETURN) end--;
  let start = end;
  while (start > 0 && row[start - 1] !== COMMA) start--;
  if (row[start] === QUOTE) return decoder.decode(row.subarray(start + 1, end - 1));
  return decoder.decode(row.subarray(start, end));
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
/** A message is at most 64 KiB in the outbox, twice that when every character is a quote. */
const LONGEST_ROW_BYTES = 1 << 20;
const LOCK_PATIENCE_MS = 10_000;

const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);
const NOT_ALLOWED = "this user may not write there; change the owner or the mode of file and directory";
const IN_THE_WAY = "a part of its path is a file; choose another path";
const ADVICE = new Map([
  ["ENOSPC", "the disk is full; make room on it"],
  ["EDQUOT", "the disk quota is used up; make room"],
  ["EACCES", NOT_ALLOWED],
  ["EPERM", NOT_ALLOWED],
  ["NotCapable", "the permissions to read and write don't cover it"],
  ["EROFS", "the file system is mounted read-only; choose another path"],
  ["EISDIR", "it is a directory; choose another path"],
  ["ENOTDIR", IN_THE_WAY],
  ["EEXIST", IN_THE_WAY],
  ["ENOENT", "its directory can't be made"],
]);
