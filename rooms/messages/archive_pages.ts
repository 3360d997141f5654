/**
 * The pages of all rooms' histories in KV. A page holds many lines, because a stored value costs about the same whether
 * it holds one message or two hundred.
 *
 * | key | value |
 * | --- | --- |
 * | `["history", room, after]` | lines in order, packed; `after` is the highest id of all earlier pages |
 */
import { decodeTime } from "ulid";
import { idIn, isId, type Line, seqIn } from "./message.ts";
import { type ArchivedRange, countArchived } from "./page_extent.ts";
import { type Signature, signatureKey } from "./page_signature.ts";
import { unpack } from "../kv/value_packer.ts";

/** The position of a message in a room's pages. */
export interface ArchivePosition {
  /** The last part of the page's key. */
  readonly page: string;
  /** The message's `seq`; when the room has no such message, that of the first one after its position. */
  readonly seq: string;
  readonly isThere: boolean;
}

/** The last page of a room, which may still grow. */
export interface LastPage {
  /** The last part of its key. */
  readonly after: string;
  /** Its stored size. */
  readonly bytes: number;
  readonly lastSeq: string;
  readonly lastId: string;
}

const HISTORY = "history";
/** The clocks of machines that share a database differ by less than this. */
export const CLOCKS_DIFFER_MS = 60_000;

/** The key of a room's page. */
export function pageKey(room: string, after: string): Deno.KvKey {
  return [HISTORY, room, after];
}

/** Reads pages. */
export class ArchivePages {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /**
   * Locates the message `id`. Pages are in the room's order, but ids ascend only as far as the clocks of all machines
   * agree: a message may be in a later page than its id says. A message that isn't there counts as before the first one
   * with a higher id.
   */
  async locate(room: string, id: string): Promise<ArchivePosition> {
    const prefix = [HISTORY, room];
    const before = this.#kv.list<Uint8Array>({ prefix, end: [...prefix, id] }, { reverse: true, limit: 1 });
    const { value: first } = await before.next();
    let next: ArchivePosition | undefined;
    let page = "";
    const start = first?.key ?? pageKey(room, "");
    for await (const { key, lines } of this.#read({ prefix, start }, { batchSize: 2 })) {
      page = key;
      const line = lines.find((line) => idIn(line) === id);
      if (line) return { page, seq: seqIn(line), isThere: true };
      const above = lines.find((line) => idIn(line) > id);
      if (above) next ??= { page, seq: seqIn(above), isThere: false };
      if (lines.every((line) => isLater(idIn(line), id))) break;
    }
    return next ?? { page, seq: "~", isThere: false };
  }

  /** A room's pages up to this one (`undefined`: all), newest first. */
  async *pagesUpTo(room: string, page: string | undefined): AsyncGenerator<Line[]> {
    const prefix = [HISTORY, room];
    // The next possible key: a list's end is exclusive.
    const range = page === undefined ? { prefix } : { prefix, end: pageKey(room, `${page}\0`) };
    for await (const { lines } of this.#read(range, { reverse: true, batchSize: 2 })) yield lines;
  }

  /** A room's pages from this one on (`""`: all), oldest first. */
  async *pagesFrom(room: string, page: string): AsyncGenerator<Line[]> {
    for await (const { lines } of this.keyedPagesFrom(room, page)) yield lines;
  }

  /** The same, each with its key, with which a later call can continue. */
  keyedPagesFrom(room: string, page: string): AsyncGenerator<{ key: string; lines: Line[] }> {
    return this.#read({ prefix: [HISTORY, room], start: pageKey(room, page) }, { batchSize: 5 });
  }

  /** A room's pages whose signatures `mayBeRead`, newest first. */
  async *signedPages(room: string, mayBeRead: (signature: Signature) => boolean): AsyncGenerator<Line[]> {
    const options = { reverse: true, batchSize: 100 };
    for await (
      const { key, value } of this.#kv.list<Signature>(
        { prefix: signatureKey(room, "").slice(0, -1) },
        options,
      )
    ) {
      if (!mayBeRead(value)) continue;
      const page = await this.#kv.get<Uint8Array>(pageKey(room, String(key[2])));
      if (page.value) yield unpack(page.value);
    }
  }

  /** The key of the last page that begins at a `seq` or before it, or else of the first page. */
  async pageOf(room: string, seq: string): Promise<string> {
    let first = "";
    for await (const page of this.#read({ prefix: [HISTORY, room] }, { reverse: true, batchSize: 2 })) {
      first = page.key;
      if (page.lines[0] <= seq) break;
    }
    return first;
  }

  /** The lines of a room after a `seq`, oldest first, at most a page at a time. */
  async *behind(room: string, seq: string): AsyncGenerator<Line[]> {
    for await (const lines of this.pagesFrom(room, await this.pageOf(room, seq))) {
      const later = lines.filter((line) => seqIn(line) > seq);
      if (later.length) yield later;
    }
  }

  /** A room's last page; `undefined` when it has none. */
  async lastPage(room: string): Promise<LastPage | undefined> {
    const prefix = [HISTORY, room];
    const { value: entry } = await this.#kv.list<Uint8Array>({ prefix }, { reverse: true, limit: 1 }).next();
    if (!entry) return undefined;
    const after = String(entry.key[2]);
    const lines = unpack(entry.value);
    const lastId = lines.reduce((max, line) => idIn(line) > max ? idIn(line) : max, after);
    return { after, bytes: entry.value.length, lastSeq: seqIn(lines[lines.length - 1]), lastId };
  }

  /** The last part of the key of the page behind a page; `undefined` behind the last one. */
  async pageAfter(room: string, page: string): Promise<string | undefined> {
    const range = { prefix: [HISTORY, room], start: pageKey(room, `${page}\0`) };
    const { value: entry } = await this.#kv.list(range, { limit: 1 }).next();
    return entry && String(entry.key[2]);
  }

  /** The line of a message; `undefined` when the archive has no such message. */
  async line(room: string, id: string): Promise<Line | undefined> {
    const { page, isThere } = await this.locate(room, id);
    if (!isThere) return undefined;
    const { value: lines = [] } = await this.pagesUpTo(room, page).next();
    return lines.find((line: Line) => idIn(line) === id);
  }

  /** The number of messages that count for a reader, see {@link countArchived}. */
  count(range: ArchivedRange): Promise<number> {
    return countArchived(this.#kv, range);
  }

  /** The names of all rooms that have a history. */
  async *rooms(): AsyncGenerator<string> {
    let start = [HISTORY, ""];
    for (;;) {
      const { value: entry } = await this.#kv.list({ start, end: [HISTORY, "\u{10ffff}"] }, { limit: 1 })
        .next();
      if (!entry) return;
      const room = String(entry.key[1]);
      yield room;
      // The next possible name, which skips all further pages of this room.
      start = [HISTORY, `${room}\0`];
    }
  }

  async *#read(
    range: Deno.KvListSelector,
    options: Deno.KvListOptions,
  ): AsyncGenerator<{ key: string; lines: Line[] }> {
    for await (const { key, value } of this.#kv.list<Uint8Array>(range, options)) {
      yield { key: String(key[2]), lines: unpack(value) };
    }
  }
}

function isLater(id: string, than: string): boolean {
  return !isId(than) || decodeTime(id) > decodeTime(than) + CLOCKS_DIFFER_MS;
}
