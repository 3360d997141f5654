/**
 * Reads the rows of a CSV file that people may have edited: from any byte on, in one pass, one buffer at a time.
 *
 * It reads as spreadsheet programs do (and Python's `csv`): a quote opens a cell only where the cell begins, anywhere
 * else it is a character; what follows a closing quote belongs to the cell. So one stray quote swallows one cell and
 * not the rest of the file. A row ends at LF, CRLF, or CR alone.
 */

import type { RowPosition } from "./sheet.ts";

/** How a file ends behind its last whole row. */
export interface End {
  /** The byte behind the last row that has its line end. */
  readonly rowsEnd: number;
  /** The row behind it, which lacks its line end; empty when the file ends with a row's. */
  readonly rest: Uint8Array;
  /** Whether {@link rest} ends within quotes. */
  readonly isQuoted: boolean;
  /** Whether {@link rest} is only the beginning of a row that is longer than any message makes one. */
  readonly isEndless: boolean;
}

/**
 * Shows `visit` each row from the byte `start` on, without its line end, and the byte where it begins; `start` must be
 * the beginning of a row. `visit` may answer "stop". A last row without a line end is shown, too, unless it ends within
 * quotes. The bytes that `visit` gets are valid until it returns.
 */
export async function readRows(
  file: Deno.FsFile,
  start: number,
  signal: AbortSignal,
  visit: (row: Uint8Array, position: number) => "stop" | void,
): Promise<End> {
  const buffer = new Uint8Array(LONGEST_ROW_BYTES);
  /** The file's byte that stands first in the buffer: always the beginning of a row. */
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
        if (visit(buffer.subarray(row, at - 1), base + row) === "stop") return ended(base + at);
        row = at;
        state = CELL_START;
      }
      if (state === QUOTED) {
        if (byte === QUOTE) state = QUOTE_IN_QUOTED;
      } else if (byte === LINE_FEED) {
        const rowEnd = state === AFTER_RETURN ? at - 1 : at;
        if (visit(buffer.subarray(row, rowEnd), base + row) === "stop") return ended(base + at + 1);
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
  if (held && state !== QUOTED) visit(state === AFTER_RETURN ? rest.subarray(0, -1) : rest, base);
  return { rowsEnd: base, rest, isQuoted: state === QUOTED, isEndless: false };
}

/** Whether the row at the mark is still the one that the mark was made of. */
export async function standsAt(file: Deno.FsFile, mark: RowPosition, signal: AbortSignal): Promise<boolean> {
  let stands = false;
  await readRows(file, mark.position, signal, (row) => {
    stands = idIn(row) === mark.id;
    return "stop";
  });
  return stands;
}

/** Which of `ids` stand from the byte `start` on, and the last row of one. */
export async function findRows(
  file: Deno.FsFile,
  start: number,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<{ standing: ReadonlySet<string>; last: RowPosition | undefined }> {
  const standing = new Set<string>();
  let last: RowPosition | undefined;
  await readRows(file, start, signal, (row, position) => {
    const id = idIn(row);
    if (!ids.has(id)) return;
    standing.add(id);
    last = { position, id };
  });
  return { standing, last };
}

/** The cells of one row as {@linkcode readRows} shows it. */
export function cellsOf(row: Uint8Array): string[] {
  const cells: string[] = [];
  for (const [, quoted, behind, plain] of decoder.decode(row).matchAll(CELL)) {
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"') + behind);
  }
  return cells;
}

/**
 * The message's id in a row: its last cell, which is found without a look at the others; or, when somebody has put
 * columns behind it, its fifth.
 */
export function idIn(row: Uint8Array): string {
  let start = row.length;
  while (start > 0 && !isSeparator(row[start - 1])) start--;
  const isQuoted = row[start] === QUOTE && row[row.length - 1] === QUOTE;
  const last = isQuoted ? row.subarray(start + 1, -1) : row.subarray(start);
  // An id is ASCII. Decoding it as UTF-8 would take longer than all the rest.
  if (last.length === ID_LENGTH) return String.fromCharCode(...last);
  return cellsOf(row)[4] ?? decoder.decode(last);
}

/** Stands in front of UTF-8 text so that spreadsheet programs don't take it for the local code page. */
export const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Programs set to other countries save with semicolons, or with tabs. */
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
/** A quote within quotes: it ends the cell, or is the first of the two that stand for one. */
const QUOTE_IN_QUOTED = 3;
/** Behind a carriage return outside quotes, which ends the row together with the line feed that may follow. */
const AFTER_RETURN = 4;

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SEMICOLON = 0x3b;
const TAB = 0x09;
const CELL = /(?:^|,)(?:"((?:[^"]|"")*)"([^,]*)|([^,]*))/g;
/** A ULID's. */
const ID_LENGTH = 26;
/** A message is at most 64 KiB in the outbox, twice that when every character is a quote. */
const LONGEST_ROW_BYTES = 1 << 20;

const decoder = new TextDecoder();
