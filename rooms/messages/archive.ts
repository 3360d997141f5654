/**
 * The archive: the history of every room in KV, in pages of many lines, because a stored value costs about the same
 * whether it holds one message or two hundred.
 *
 * | key | value |
 * | --- | --- |
 * | `["history", room, after]` | lines in order, packed; `after` is the highest id of all earlier pages |
 * | `["archive"]` | `{ position, lastId }`: batches up to this versionstamp are in pages; the highest id so far |
 *
 * Messages become durable in the outbox, where rooms are mixed; {@link Archive.advance} copies them from there into
 * pages, and a batch leaves the outbox only after that. So every message stands in the outbox after `position`, or in
 * a page, or in both.
 *
 * A crash between two commits of one advance leaves lines in pages that `position` doesn't know. That is harmless: a
 * room's page takes only lines after its last one. Two processes that advance at once can't undo each other, since
 * each commit checks that `position` is the one it began with.
 */
import { decodeTime } from "ulid";
import { idIn, isId, type Line, lineOf, roomInBody, seqIn } from "./message.ts";
import { type Outbox, seqInBatch } from "./outbox.ts";
import { Packer, unpack } from "../kv/value_packer.ts";

interface Position {
  readonly position: string;
  readonly lastId: string;
}

/** Where a message stands in a room's pages. */
export interface ArchivePosition {
  /** The key of the page. */
  readonly page: string;
  /** The message's `seq`, or when it isn't there, that of the one behind its place. */
  readonly seq: string;
  readonly isThere: boolean;
}

/** The last page of a room, which may still grow. */
interface LastPage {
  readonly after: string;
  readonly bytes: number;
  readonly lastSeq: string;
  readonly lastId: string;
}

const HISTORY = "history";
const POSITION = ["archive"];
/** A page smaller than this is written again with the next lines in it. */
const MERGE_BELOW_BYTES = 16_000;
/** How much of the outbox is held in memory at a time. */
const SLICE_BYTES = 8_000_000;
/** KV's limits for a commit are 800 KiB and 1,000 mutations; half of it leaves room for keys. */
const COMMIT_BYTES = 500_000;
const COMMIT_PAGES = 500;
const REMEMBERED_ROOMS = 10_000;
/** Others may be faster so many times. */
const MOVES = 20;
/** The clocks of machines that share a database differ by less than this. */
export const CLOCKS_DIFFER_MS = 60_000;

export class Archive {
  readonly #kv: Deno.Kv;
  readonly #outbox: Outbox;
  #at: Position = { position: "", lastId: "" };
  #stamp: string | null = null;
  #advancing: Promise<void> | undefined;
  readonly #lastPages = new Map<string, LastPage>();
  readonly #packer = new Packer();

  constructor(kv: Deno.Kv, outbox: Outbox) {
    this.#kv = kv;
    this.#outbox = outbox;
  }

  /** All commits up to this versionstamp are in pages. */
  get position(): string {
    return this.#at.position;
  }

  /** The highest id in the archive, `""` when it is empty. */
  get lastId(): string {
    return this.#at.lastId;
  }

  /** Reads how far the archive is; needed once, before anything else, and where another process advances it. */
  async open(): Promise<void> {
    while (this.#advancing) await this.#advancing.catch(() => {});
    await (this.#advancing = this.#open().finally(() => this.#advancing = undefined));
  }

  async #open(): Promise<void> {
    // Before anything can fail: what is remembered of the last pages may never have been written.
    this.#lastPages.clear();
    const entry = await this.#kv.get<Position>(POSITION);
    this.#at = entry.value ?? { position: "", lastId: "" };
    this.#stamp = entry.versionstamp;
  }

  /** Copies all that the outbox holds by now into pages. */
  async advance(): Promise<void> {
    // A call that comes while another one is at work may concern a later batch: it waits, then looks again.
    while (this.#advancing) await this.#advancing.catch(() => {});
    this.#advancing = this.#advanceAnew().finally(() => this.#advancing = undefined);
    await this.#advancing;
  }

  /**
   * Where the message `id` stands. Pages are in the room's order; ids are so only as far as the clocks of all machines
   * agree, so that a message may stand behind the page that its id points to. One that isn't there counts as standing
   * before the first message with a higher id.
   */
  async place(room: string, id: string): Promise<ArchivePosition> {
    const prefix = [HISTORY, room];
    const before = this.#kv.list<Uint8Array>({ prefix, end: [...prefix, id] }, { reverse: true, limit: 1 });
    const { value: first } = await before.next();
    const range = first ? { prefix, start: first.key } : { prefix };
    let next: ArchivePosition | undefined;
    let page = "";
    for await (const entry of this.#kv.list<Uint8Array>(range, { batchSize: 2 })) {
      page = String(entry.key[2]);
      const lines = unpack(entry.value);
      const line = lines.find((line) => idIn(line) === id);
      if (line) return { page, seq: seqIn(line), isThere: true };
      const above = lines.find((line) => idIn(line) > id);
      if (above) next ??= { page, seq: seqIn(above), isThere: false };
      if (lines.every((line) => isLater(idIn(line), id))) break;
    }
    return next ?? { page, seq: "~", isThere: false };
  }

  /** The pages of a room up to this one (`undefined`: all), newest first. */
  async *pagesUpTo(room: string, page: string | undefined): AsyncGenerator<Line[]> {
    const prefix = [HISTORY, room];
    // The next possible key: a list's end is exclusive.
    const range = page === undefined ? { prefix } : { prefix, end: [...prefix, `${page}\0`] };
    for await (const entry of this.#kv.list<Uint8Array>(range, { reverse: true, batchSize: 2 })) {
      yield unpack(entry.value);
    }
  }

  /** The pages of a room from this one on, oldest first. */
  async *pagesFrom(room: string, page: string): AsyncGenerator<Line[]> {
    for await (const { lines } of this.keyedPagesFrom(room, page)) yield lines;
  }

  /** The same, each with its key, from which somebody can go on later. */
  async *keyedPagesFrom(room: string, page: string): AsyncGenerator<{ key: string; lines: Line[] }> {
    const prefix = [HISTORY, room];
    const range = { prefix, start: [...prefix, page] };
    for await (const { key, value } of this.#kv.list<Uint8Array>(range, { batchSize: 5 })) {
      yield { key: String(key[2]), lines: unpack(value) };
    }
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
      // The next possible name: all pages of this room are passed over.
      start = [HISTORY, `${room}\0`];
    }
  }

  /**
   * Changes lines of a room, page by page from the page `from` (`""`: the first) on, and takes out those of which `change` makes `undefined`; yields for each page how many it changed. A line may not grow,
   * nor change its `seq` or id. `noted` may add to each commit that changes something.
   */
  async *revise(
    room: string,
    from: string,
    change: (line: Line) => Line | undefined,
    noted: (commit: Deno.AtomicOperation) => void = () => {},
  ): AsyncGenerator<number> {
    // What is not in a page yet would escape.
    await this.advance();
    const prefix = [HISTORY, room];
    const range = { prefix, start: [...prefix, from] };
    for await (const { key, value } of this.#kv.list<Uint8Array>(range, { batchSize: 5 })) {
      const isConcerned = unpack(value).some((line) => change(line) !== line);
      yield isConcerned ? await this.#alone(() => this.#revisePage(key, change, noted)) : 0;
    }
  }

  /** Does something while nothing is archived here. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#advancing) await this.#advancing.catch(() => {});
    const working = work();
    this.#advancing = working.then(() => {}, () => {}).finally(() => this.#advancing = undefined);
    return await working;
  }

  /** Like a commit of an advance, this one checks the position; and it moves it, so that another's fails. */
  async #revisePage(
    key: Deno.KvKey,
    change: (line: Line) => Line | undefined,
    noted: (commit: Deno.AtomicOperation) => void,
  ): Promise<number> {
    for (let tries = 0; tries < MOVES; tries++) {
      await this.#open();
      const page = await this.#kv.get<Uint8Array>(key);
      if (!page.value) return 0;
      const before = unpack(page.value);
      const after = before.map(change);
      const packer = new Packer();
      const left = after.filter((line) => line !== undefined);
      for (const line of left) packer.add(line);
      const commit = this.#kv.atomic().check(page, { key: POSITION, versionstamp: this.#stamp });
      if (left.length) commit.set(key, packer.take());
      else commit.delete(key);
      noted(commit.set(POSITION, this.#at));
      const result = await commit.commit();
      if (!result.ok) continue;
      this.#stamp = result.versionstamp;
      return after.filter((line, i) => line !== before[i]).length;
    }
    throw new MovedError(`Revising the history failed: it was archived ${MOVES} times meanwhile`);
  }

  /** The lines of a room behind a `seq`, oldest first, a page's at a time. */
  async *behind(room: string, seq: string): AsyncGenerator<Line[]> {
    let from = "";
    const prefix = [HISTORY, room];
    for await (const entry of this.#kv.list<Uint8Array>({ prefix }, { reverse: true, batchSize: 2 })) {
      from = String(entry.key[2]);
      if (unpack(entry.value)[0] <= seq) break;
    }
    for await (const lines of this.pagesFrom(room, from)) {
      const fresh = lines.filter((line) => seqIn(line) > seq);
      if (fresh.length) yield fresh;
    }
  }

  /** Begins anew as often as another process moves the position. */
  async #advanceAnew(): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#advanceNow();
      } catch (error) {
        await this.#open();
        if (!(error instanceof MovedError) || tries === MOVES) throw error;
      }
    }
  }

  async #advanceNow(): Promise<void> {
    let rooms = new Map<string, Line[]>();
    let bytes = 0;
    let end = "";
    for await (const batch of this.#outbox.after(this.#at.position)) {
      for (const [place, body] of batch.bodies.entries()) {
        const line = lineOf(seqInBatch(batch, place), body);
        const room = roomInBody(body);
        const lines = rooms.get(room);
        if (lines) lines.push(line);
        else rooms.set(room, [line]);
        bytes += line.length;
      }
      end = batch.versionstamp;
      if (bytes < SLICE_BYTES) continue;
      await this.#store(rooms, end);
      rooms = new Map();
      bytes = 0;
    }
    if (rooms.size) await this.#store(rooms, end);
  }

  /** Writes pages, and in the last commit the new position. */
  async #store(rooms: ReadonlyMap<string, Line[]>, position: string): Promise<void> {
    const mergeBelow = Math.min(MERGE_BELOW_BYTES, COMMIT_BYTES / rooms.size);
    let lastId = this.#at.lastId;
    let commit = this.#kv.atomic();
    let bytes = 0;
    let pages = 0;
    for (const [room, lines] of rooms) {
      for (const page of await this.#paginate(room, lines, mergeBelow)) {
        if (pages === COMMIT_PAGES || bytes + page.bytes.length > COMMIT_BYTES) {
          await this.#commit(commit);
          [commit, bytes, pages] = [this.#kv.atomic(), 0, 0];
        }
        commit.set([HISTORY, room, page.after], page.bytes);
        bytes += page.bytes.length;
        pages++;
      }
      const last = this.#lastPages.get(room);
      if (last && last.lastId > lastId) lastId = last.lastId;
    }
    const at = { position, lastId };
    this.#stamp = await this.#commit(commit.set(POSITION, at));
    this.#at = at;
  }

  async #commit(commit: Deno.AtomicOperation): Promise<string> {
    const result = await commit.check({ key: POSITION, versionstamp: this.#stamp }).commit();
    if (result.ok) return result.versionstamp;
    throw new MovedError("Archiving failed: another process moved the archive's position");
  }

  /** The pages to write so that the room's last lines become these, and none stands twice. */
  async #paginate(
    room: string,
    lines: readonly Line[],
    mergeBelow: number,
  ): Promise<{ after: string; bytes: Uint8Array }[]> {
    const last = this.#lastPages.get(room) ?? await this.#readLastPage(room);
    const fresh = last ? lines.filter((line) => seqIn(line) > last.lastSeq) : lines;
    if (!fresh.length) return [];
    let lastId = last?.lastId ?? "";
    // Keys ascend, also while ids do not.
    let after = last && lastId <= last.after ? `${last.after}+` : lastId;
    const packer = this.#packer;
    if (last && last.bytes < mergeBelow) {
      const entry = await this.#kv.get<Uint8Array>([HISTORY, room, last.after]);
      packer.load(entry.value ?? new Uint8Array());
      after = last.after;
    }
    const pages: { after: string; bytes: Uint8Array }[] = [];
    for (const line of fresh) {
      if (!packer.add(line)) {
        pages.push({ after, bytes: packer.take() });
        // Ids may stand still when machines' clocks differ, but two pages can't have one key.
        after = lastId > after ? lastId : `${after}+`;
        packer.add(line);
      }
      if (idIn(line) > lastId) lastId = idIn(line);
    }
    pages.push({ after, bytes: packer.take() });
    if (this.#lastPages.size >= REMEMBERED_ROOMS) this.#lastPages.clear();
    const { length: bytes } = pages[pages.length - 1].bytes;
    this.#lastPages.set(room, { after, bytes, lastSeq: seqIn(fresh[fresh.length - 1]), lastId });
    return pages;
  }

  async #readLastPage(room: string): Promise<LastPage | undefined> {
    const { value: entry } = await this.#kv.list<Uint8Array>(
      { prefix: [HISTORY, room] },
      { reverse: true, limit: 1 },
    ).next();
    if (!entry) return undefined;
    const lines = unpack(entry.value);
    const after = String(entry.key[2]);
    const lastId = lines.reduce((max, line) => idIn(line) > max ? idIn(line) : max, after);
    return { after, bytes: entry.value.length, lastSeq: seqIn(lines[lines.length - 1]), lastId };
  }
}

function isLater(id: string, than: string): boolean {
  return !isId(than) || decodeTime(id) > decodeTime(than) + CLOCKS_DIFFER_MS;
}

/** Another process has archived meanwhile. */
class MovedError extends Error {
  override readonly name = "MovedError";
}
