/**
 * A ZIP archive that is written front to back, and whose writing may go on in another process: what has to be known
 * for that is a small plain object. No library on npm offers that, because theirs keep it in a compressor's memory.
 *
 * The trick is that a DEFLATE stream may be made of parts that know nothing of each other, when each ends with a sync
 * flush (RFC 1951, 3.2.4), and that a CRC-32 can be gone on with. Sizes and sums follow each entry in a data
 * descriptor (APPNOTE.TXT 4.3.9), because they aren't known before.
 */
import { constants, crc32, deflateRawSync } from "node:zlib";

/** A DEFLATE stream so far. */
export interface Deflated {
  readonly crc: number;
  /** What it takes, and what it takes unpacked. */
  readonly packed: number;
  readonly size: number;
}

/** An entry that is written. */
interface Entry extends Deflated {
  readonly name: string;
  readonly offset: number;
}

/** An archive so far. */
export interface ZipState {
  readonly entries: readonly Entry[];
  /** The entry that is being written. */
  readonly open: { readonly name: string; readonly offset: number } & Deflated;
}

export const NOTHING: Deflated = { crc: 0, packed: 0, size: 0 };
/** Without ZIP64, which not every reader knows, an entry and an archive end at 4 GiB. */
export const MAX_ZIP_BYTES = 0xffff_ffff;

/** Ends a DEFLATE stream: an empty block with the mark of the last one. */
const END = Uint8Array.of(3, 0);
/** Sizes in a data descriptor; the name is UTF-8. */
const FLAGS = 0x0808;
const DEFLATE = 8;
const VERSION = 20;
/** 1980-01-01: an archive of the same messages is the same archive. */
const DATE = 0x0021;

/** The next part of a DEFLATE stream. */
export function deflate(bytes: Uint8Array, before: Deflated): [Uint8Array<ArrayBuffer>, Deflated] {
  const packed = Uint8Array.from(deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
  return [packed, {
    crc: crc32(bytes, before.crc),
    packed: before.packed + packed.length,
    size: before.size + bytes.length,
  }];
}

/** The end of a DEFLATE stream. */
export function endDeflate(before: Deflated): [Uint8Array<ArrayBuffer>, Deflated] {
  return [END, { ...before, packed: before.packed + END.length }];
}

/** Begins an archive with whole entries, and opens one more. */
export function beginZip(
  whole: Readonly<Record<string, string>>,
  last: string,
): [Uint8Array<ArrayBuffer>, ZipState] {
  const parts: Uint8Array[] = [];
  let state: ZipState | undefined;
  for (const [name, text] of Object.entries(whole)) {
    const [head, opened] = openEntry(state, name);
    const [body, filled] = writeZip(encoder.encode(text), opened);
    const [tail, closed] = closeEntry(filled);
    parts.push(head, body, tail);
    state = closed;
  }
  const [head, opened] = openEntry(state, last);
  return [joined([...parts, head]), opened];
}

/** Writes into the open entry. */
export function writeZip(bytes: Uint8Array, state: ZipState): [Uint8Array<ArrayBuffer>, ZipState] {
  const [packed, deflated] = deflate(bytes, state.open);
  return [packed, { ...state, open: { ...state.open, ...deflated } }];
}

/** Ends the open entry and the archive. */
export function endZip(state: ZipState): Uint8Array<ArrayBuffer> {
  const [tail, { entries, open: { offset } }] = closeEntry(state);
  const records = entries.map((entry) => {
    const name = encoder.encode(entry.name);
    const record = fields([
      [4, 0x02014b50],
      [2, VERSION],
      [2, VERSION],
      ...common(entry),
      [2, name.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, entry.offset],
    ]);
    return joined([record, name]);
  });
  const directory = joined(records);
  const end = fields([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, entries.length],
    [2, entries.length],
    [4, directory.length],
    [4, offset],
    [2, 0],
  ]);
  return joined([tail, directory, end]);
}

/** How long the archive is so far. */
function lengthOf({ open }: ZipState): number {
  return open.offset + headOf(open.name).length + open.packed;
}

function openEntry(state: ZipState | undefined, name: string): [Uint8Array<ArrayBuffer>, ZipState] {
  const offset = state?.open.offset ?? 0;
  return [headOf(name), { entries: state?.entries ?? [], open: { name, offset, ...NOTHING } }];
}

/** Closes the open entry; the one that is open afterwards has no name yet, but an offset. */
function closeEntry(state: ZipState): [Uint8Array<ArrayBuffer>, ZipState] {
  const [end, deflated] = endDeflate(state.open);
  const { crc, packed, size } = deflated;
  const tail = joined([end, fields([[4, 0x08074b50], [4, crc], [4, packed], [4, size]])]);
  const offset = lengthOf(state) + tail.length;
  const entries = [...state.entries, { ...state.open, ...deflated }];
  return [tail, { entries, open: { name: "", offset, ...NOTHING } }];
}

function headOf(name: string): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(name);
  return joined([
    fields([[4, 0x04034b50], [2, VERSION], ...common(NOTHING), [2, bytes.length], [2, 0]]),
    bytes,
  ]);
}

/** What an entry's head and its record in the directory have in common. */
function common({ crc, packed, size }: Deflated): Field[] {
  return [[2, FLAGS], [2, DEFLATE], [2, 0], [2, DATE], [4, crc], [4, packed], [4, size]];
}

/** A number of two or four bytes. */
type Field = readonly [bytes: 2 | 4, value: number];

function fields(all: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(all.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of all) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const encoder = new TextEncoder();
