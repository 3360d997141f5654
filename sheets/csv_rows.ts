/**
 * Reads the rows of a CSV file that people may have edited: from any byte on, in one pass, one buffer at a time.
 *
 * It reads as spreadsheet programs do (and Python's `csv`): a quote opens a quoted cell only at the beginning of the cell,
 * anywhere else it is a character; text behind a closing quote belongs to the cell. So one stray quote swallows one cell,
 * not the rest of the file. A row ends at LF, CRLF, or CR alone.
 */
import type { Layout } from "./column_layout.ts";
import type { FoundRows, RowPosition } from "./sheet.ts";

/** The end of a file, behind its last whole row. */
export interface End {
  /** The byte behind the last row with a line end. */
  readonly rowsEnd: number;
  /** The last row, when it has no line end; empty when the file ends with a line end. */
  readonly rest: Uint8Array;
  /** Whether {@link rest} ends within quotes. */
  readonly isQuoted: boolean;
  /** Whether {@link rest} is the beginning of a row that is longer than any row of a message. */
  readonly isEndless: boolean;
}

/**
 * Calls `onRow` with each row from the byte `start` on, without its line end, with the byte at which it begins, and whether it
 * has a line end; `start` must be the beginning of a row. `onRow` may return "stop". A last row without a line end is included unless it ends within
 * quotes. The bytes that `onRow` gets are valid until it returns.
 *
 * @throws {Error} the reason of `signal` when it aborts.
 */
export async function readRows(
  file: Deno.FsFile,
  start: number,
  signal: AbortSignal,
  onRow: (row: Uint8Array, position: number, isEnded: boolean) => "stop" | void,
): Promise<End> {
  const buffer = new Uint8Array(LONGEST_ROW_BYTES);
  /** The position in the file of the buffer's first byte: always the beginning of a row. */
  let base = start;
  let held = 0;
  let state: State = CELL_START;
  await file.seek(start, Deno.SeekMode.Start);
  while (true) {
    signal.throwIfAborted();
    const count = await file.read(buffer.subarray(held));
    if (count === null) break;
    const end = held + count;
    let row = 0;
    for (let at = held; at < end; at++) {
      const byte = buffer[at];
      if (state === AFTER_RETURN && byte !== LINE_FEED) {
        if (onRow(buffer.subarray(row, at - 1), base + row, true) === "stop") return ended(base + at);
        row = at;
        state = CELL_START;
      }
      if (state === QUOTED) {
        if (byte === QUOTE) state = QUOTE_IN_QUOTED;
      } else if (byte === LINE_FEED) {
        const rowEnd = state === AFTER_RETURN ? at - 1 : at;
        if (onRow(buffer.subarray(row, rowEnd), base + row, true) === "stop") return ended(base + at + 1);
        row = at + 1;
        state = CELL_START;
      } else if (byte === RETURN) state = AFTER_RETURN;
      else if (byte === COMMA) state = CELL_START;
      else if (byte === QUOTE && state !== PLAIN) state = QUOTED;
      else if (!(state === CELL_START && base + at < BOM.length && byte === BOM[base + at])) state = PLAIN;
    }
    buffer.copyWithin(0, row, end);
    base += row;
    held = end - row;
    if (held === buffer.length) {
      return { rowsEnd: base, rest: buffer, isQuoted: state === QUOTED, isEndless: true };
    }
  }
  const rest = buffer.slice(0, held);
  const isEnded = state === AFTER_RETURN;
  if (held && state !== QUOTED) onRow(isEnded ? rest.subarray(0, -1) : rest, base, isEnded);
  return { rowsEnd: base, rest, isQuoted: state === QUOTED, isEndless: false };
}

/** Whether the row at this position still has this id. */
export async function isAt(
  file: Deno.FsFile,
  position: RowPosition,
  layout: Layout,
  signal: AbortSignal,
): Promise<boolean> {
  let isSame = false;
  await readRows(file, position.position, signal, (row) => {
    isSame = idIn(row, layout) === position.id;
    return "stop";
  });
  return isSame;
}

/** Which of `ids` the file has from the byte `start` on, and the last row of one. */
export async function findRows(
  file: Deno.FsFile,
  start: number,
  ids: ReadonlySet<string>,
  layout: Layout,
  signal: AbortSignal,
): Promise<FoundRows> {
  const present = new Set<string>();
  let last: RowPosition | undefined;
  await readRows(file, start, signal, (row, position, isEnded) => {
    const id = isWhole(isEnded, layout) ? idIn(row, layout) : "";
    if (!ids.has(id)) return;
    present.add(id);
    last = { position, id };
  });
  return { present, last };
}

/**
 * Whether a row with an id is all there: it has its line end, or the id is the last of our cells. Otherwise a crash may have
 * torn it behind the id.
 */
export function isWhole(isEnded: boolean, layout: Layout): boolean {
  return isEnded || layout.id === layout.width - 1;
}

/** Reads the cells of all rows, a page at a time. */
export async function* readPages(file: Deno.FsFile, signal: AbortSignal): AsyncGenerator<string[][]> {
  let start = 0;
  // The bytes of a row are valid only while it is read: so it reads to the end of a page, and goes on from there.
  for (let isOver = false; !isOver;) {
    const page: string[][] = [];
    const end = await readRows(file, start, signal, (row) => {
      page.push(cellsOf(row));
      if (page.length === PAGE_ROWS) return "stop";
    });
    isOver = page.length < PAGE_ROWS;
    start = end.rowsEnd;
    yield page;
  }
}

/** The cells of one row of {@linkcode readRows}; one that a program saved with semicolons or tabs is cut at these. */
export function cellsOf(row: Uint8Array): string[] {
  const text = decoder.decode(row);
  const cells = cut(text, CELL);
  return cells.length > 1 ? cells : cut(text, OTHER_CELL);
}

function cut(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, quoted, behind, plain]) => {
    return quoted === undefined ? plain : quoted.replaceAll('""', '"') + behind;
  });
}

/**
 * The id in a row. Where its column is the last one it is found without parsing the others, also when people have added
 * columns behind it.
 */
export function idIn(row: Uint8Array, layout: Layout): string {
  if (layout.id < layout.width - 1) return cellsOf(row)[layout.id] ?? "";
  let start = row.length;
  while (start > 0 && !isSeparator(row[start - 1])) start--;
  const isQuoted = row[start] === QUOTE && row[row.length - 1] === QUOTE;
  const last = isQuoted ? row.subarray(start + 1, -1) : row.subarray(start);
  // An id is ASCII. Decoding it as UTF-8 would take longer than all the rest.
  if (last.length === ID_LENGTH) return String.fromCharCode(...last);
  return cellsOf(row)[layout.id] ?? decoder.decode(last);
}

/** Byte order mark: without it, spreadsheet programs read UTF-8 in the local code page. */
export const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Spreadsheet programs of some countries save with semicolons, or with tabs. */
function isSeparator(byte: number): boolean {
  return byte === COMMA || byte === SEMICOLON || byte === TAB;
}

function ended(rowsEnd: number): End {
  return { rowsEnd, rest: new Uint8Array(), isQuoted: false, isEndless: false };
}

type State =
  | typeof CELL_START
  | typeof PLAIN
  | typeof QUOTED
  | typeof QUOTE_IN_QUOTED
  | typeof AFTER_RETURN;
const CELL_START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** A quote within quotes: it ends the cell, or is the first of an escaped pair. */
const QUOTE_IN_QUOTED = 3;
/** Behind a carriage return outside quotes: it ends the row, together with a line feed that may follow. */
const AFTER_RETURN = 4;

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SEMICOLON = 0x3b;
const TAB = 0x09;
const CELL = /(?:^|,)(?:"((?:[^"]|"")*)"([^,]*)|([^,]*))/g;
const OTHER_CELL = /(?:^|[;\t])(?:"((?:[^"]|"")*)"([^;\t]*)|([^;\t]*))/g;
/** Rows in a page when all are read. */
const PAGE_ROWS = 5_000;
/** The length of a ULID. */
const ID_LENGTH = 26;
/** A message has at most 64 KiB in the outbox, and twice that when every character is a quote. */
const LONGEST_ROW_BYTES = 1 << 20;

const decoder = new TextDecoder();
