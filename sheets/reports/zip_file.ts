/**
 * Writes a ZIP archive from front to back, in slices that different processes may write: the state between two slices is
 * a small plain object. Libraries on npm can't do that, because they keep the state in a compressor's memory.
 *
 * This works because a DEFLATE stream may consist of independently compressed parts, if each ends with a sync flush
 * (RFC 1951, 3.2.4), and because a CRC-32 can be continued. Sizes and checksums follow each entry in a data descriptor
 * (APPNOTE.TXT 4.3.9, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), as they aren't known before.
 */
import { constants, crc32, deflateRawSync } from "node:zlib";

/** The state of a DEFLATE stream. */
export interface Deflated {
  /** The CRC-32 of the uncompressed bytes. */
  readonly crc: number;
  /** Compressed bytes. */
  readonly packed: number;
  /** Uncompressed bytes. */
  readonly size: number;
}

/** A finished entry; `offset` is where it begins in the archive. */
interface Entry extends Deflated {
  readonly name: string;
  readonly offset: number;
}

/** The state of an archive. */
export interface ZipState {
  /** The finished entries. */
  readonly entries: readonly Entry[];
  /** The entry that is being written. */
  readonly open: { readonly name: string; readonly offset: number } & Deflated;
}

/** The state of an empty DEFLATE stream. */
export const NOTHING: Deflated = { crc: 0, packed: 0, size: 0 };
/** Size limit of an entry and of an archive without ZIP64, which not every reader supports (APPNOTE.TXT 4.4.8). */
export const MAX_ZIP_BYTES = 0xffff_ffff;

/** The end of a DEFLATE stream: an empty block that is flagged as the last one (RFC 1951, 3.2.3). */
const END = Uint8Array.of(3, 0);
/** General purpose flags 3, sizes in a data descriptor, and 11, name in UTF-8 (APPNOTE.TXT 4.4.4). */
const FLAGS = 0x0808;
/** The compression method (APPNOTE.TXT 4.4.5). */
const DEFLATE = 8;
/** The version needed to extract: 2.0 (APPNOTE.TXT 4.4.3). */
const VERSION = 20;
/** 1980-01-01 in MS-DOS format: archives of the same messages are identical. */
const DATE = 0x0021;

/** Compresses the next part of a DEFLATE stream; answers its bytes and the state after it. */
export function deflate(bytes: Uint8Array, before: Deflated): [Uint8Array<ArrayBuffer>, Deflated] {
  const packed = Uint8Array.from(deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
  return [packed, {
    crc: crc32(bytes, before.crc),
    packed: before.packed + packed.length,
    size: before.size + bytes.length,
  }];
}

/** Ends a DEFLATE stream; answers its last bytes and the state after them. */
export function endDeflate(before: Deflated): [Uint8Array<ArrayBuffer>, Deflated] {
  return [END, { ...before, packed: before.packed + END.length }];
}

/** Begins an archive with complete entries, by name, and opens the entry `last`; answers its bytes and state. */
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

/** Appends to the open entry; answers the archive's next bytes and the state after them. */
export function writeZip(bytes: Uint8Array, state: ZipState): [Uint8Array<ArrayBuffer>, ZipState] {
  const [packed, deflated] = deflate(bytes, state.open);
  return [packed, { ...state, open: { ...state.open, ...deflated } }];
}

/** Ends the open entry and the archive; answers its last bytes. */
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

/** The archive's size so far, in bytes. */
function lengthOf({ open }: ZipState): number {
  return open.offset + headOf(open.name).length + open.packed;
}

function openEntry(state: ZipState | undefined, name: string): [Uint8Array<ArrayBuffer>, ZipState] {
  const offset = state?.open.offset ?? 0;
  return [headOf(name), { entries: state?.entries ?? [], open: { name, offset, ...NOTHING } }];
}

/** Closes the open entry; the next one gets an offset, and no name yet. */
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

/** The fields that an entry's header and its record in the central directory share. */
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

/** Joins bytes. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const encoder = new TextEncoder();
