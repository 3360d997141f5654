/**
 * The archive copies messages from the outbox into the pages of their rooms' histories.
 *
 * | key | value |
 * | --- | --- |
 * | `["archive"]` | `{ position, lastId }`: batches up to this versionstamp are in pages; the highest id so far |
 *
 * Messages become durable in the outbox, where rooms are mixed. {@link Archive.advance} copies them into pages, and a
 * batch leaves the outbox only after that. So every message is in the outbox after `position`, or in a page, or in both.
 *
 * After a crash between two commits of one advance, pages hold lines that are later than `position`. That is harmless:
 * a room's page takes only lines after its last one. Two processes that advance at once can't undo each other's work,
 * since each commit checks that `position` is the one that it began with.
 */
import { EntryStore, quotePresent } from "./entries/entry_store.ts";
import { ArchivePages, type LastPage, pageKey } from "./archive_pages.ts";
import { entryIn, isReply, revisionByAll } from "./entries/entry.ts";
import { idIn, isEntry, type Line, lineOf, roomInBody, seqIn } from "./message.ts";
import { type PagePart, splitPage } from "./page_split.ts";
import { extentKey, extentOf } from "./page_extent.ts";
import { signatureKey, signatureOf } from "./page_signature.ts";
import { linesFrom } from "./recent_messages.ts";
import { type Outbox, seqInBatch } from "./outbox.ts";
import { Packer, unpack } from "../kv/value_packer.ts";

interface Position {
  readonly position: string;
  readonly lastId: string;
}

type Change = (line: Line) => Line | undefined;

const POSITION = ["archive"];
/** A page smaller than this is written again with the next lines added. */
const MERGE_BELOW_BYTES = 16_000;
/** Bytes of the outbox that are in memory at a time. */
const SLICE_BYTES = 8_000_000;
/**
 * About half of KV's limits for a commit, 800 KiB and 1,000 mutations, which leaves room for keys
 * (https://docs.deno.com/api/deno/~/Deno.AtomicOperation).
 */
const COMMIT_BYTES = 500_000;
const COMMIT_PAGES = 250;
/** Rooms whose last page is remembered; more of them start from an empty memory. */
const REMEMBERED_ROOMS = 10_000;
/** Tries of work that other processes' advances interrupt. */
const MAX_TRIES = 20;

/** All rooms' histories in KV: reads pages, and alone writes them. */
export class Archive extends ArchivePages {
  /** What was done to messages, beside the pages that have their present state. */
  readonly entries: EntryStore;
  readonly #kv: Deno.Kv;
  readonly #outbox: Outbox;
  #at: Position = { position: "", lastId: "" };
  /** The versionstamp of the stored position. */
  #stamp: string | null = null;
  /** Work that may not overlap with other such work. */
  #working: Promise<void> | undefined;
  readonly #lastPages = new Map<string, LastPage>();
  readonly #packer = new Packer();

  constructor(kv: Deno.Kv, outbox: Outbox) {
    super(kv);
    this.entries = new EntryStore(kv);
    this.#kv = kv;
    this.#outbox = outbox;
  }

  /** The versionstamp of the last commit that is in pages; `""` for none. */
  get position(): string {
    return this.#at.position;
  }

  /** The highest id in the archive, `""` when it is empty. */
  get lastId(): string {
    return this.#at.lastId;
  }

  /** Reads how far the archive is: once before anything else, and again where another process advances it. */
  open(): Promise<void> {
    return this.#alone(() => this.#open());
  }

  /** Copies everything that the outbox holds by now into pages. */
  advance(): Promise<void> {
    // A call during another one may be about a later batch: so it waits, and then reads the outbox again.
    return this.#alone(() => this.#advanceWithRetries());
  }

  /**
   * Changes lines of a room, page by page from the page `from` (`""`: the first) on, and removes those for which
   * `change` returns `undefined`. Yields for each page how many lines it changed. `change` may not change a line's `seq`
   * or id; `also` may add to each commit that changes something.
   *
   * @throws {Error} when other processes advance the archive {@link MAX_TRIES} times meanwhile.
   */
  async *revise(
    room: string,
    from: string,
    change: Change,
    also: (commit: Deno.AtomicOperation) => void = () => {},
  ): AsyncGenerator<number> {
    // Lines that are not in a page yet would be missed.
    await this.advance();
    for await (const { key, lines } of this.keyedPagesFrom(room, from)) {
      const isConcerned = lines.some((line) => change(line) !== line);
      yield isConcerned ? await this.#alone(() => this.#revisePage(pageKey(room, key), change, also)) : 0;
    }
  }

  /** Runs work that touches the position, after all such work that was begun before. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#working) await this.#working;
    const working = work();
    this.#working = working.then(() => {}, () => {}).finally(() => this.#working = undefined);
    return await working;
  }

  async #open(): Promise<void> {
    // First of all, before anything can fail: the remembered last pages may never have been written.
    this.#lastPages.clear();
    const entry = await this.#kv.get<Position>(POSITION);
    this.#at = entry.value ?? { position: "", lastId: "" };
    this.#stamp = entry.versionstamp;
  }

  /** Its commit writes the position again, so that an advance elsewhere fails and starts over. */
  async #revisePage(
    key: Deno.KvKey,
    change: Change,
    also: (commit: Deno.AtomicOperation) => void,
  ): Promise<number> {
    for (let tries = 1;; tries++) {
      try {
        await this.#open();
        return await this.#rewritePage(key, change, also);
      } catch (error) {
        if (!(error instanceof MovedError) || tries === MAX_TRIES) throw error;
      }
    }
  }

  /**
   * Changes the lines of a page, in one commit, and answers how many; a page that has grown too large becomes several.
   *
   * @throws {MovedError} when another process archives meanwhile.
   */
  async #rewritePage(
    key: Deno.KvKey,
    change: Change,
    also: (commit: Deno.AtomicOperation) => void,
  ): Promise<number> {
    const [, room, after] = key.map(String);
    const page = await this.#kv.get<Uint8Array>(key);
    if (!page.value) return 0;
    const before = unpack(page.value);
    const lines = before.map(change);
    const changed = lines.filter((line, i) => line !== before[i]).length;
    if (!changed) return 0;
    this.#lastPages.delete(room);
    const commit = this.#kv.atomic().check(page).delete(key).set(POSITION, this.#at);
    commit.delete(signatureKey(room, after)).delete(extentKey(room, after));
    const left = lines.filter((line) => line !== undefined);
    const parts = splitPage(left, after, await this.pageAfter(room, after));
    for (const part of parts) setPage(commit, room, part);
    also(commit);
    this.#stamp = await this.#commit(commit);
    return changed;
  }

  async #advanceWithRetries(): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#advance();
      } catch (error) {
        await this.#open();
        if (!(error instanceof MovedError) || tries === MAX_TRIES) throw error;
      }
    }
  }

  async #advance(): Promise<void> {
    let rooms = new Map<string, Line[]>();
    let bytes = 0;
    let end = "";
    for await (const batch of this.#outbox.after(this.#at.position)) {
      for (const [i, body] of batch.bodies.entries()) {
        const line = lineOf(seqInBatch(batch, i), body);
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

  /** Writes entries and pages, and in the last commit the new position. */
  async #store(all: ReadonlyMap<string, Line[]>, position: string): Promise<void> {
    const rooms = new Map<string, readonly Line[]>();
    for (const [room, lines] of all) rooms.set(room, await this.#apply(room, lines));
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
        bytes += setPage(commit, room, page);
        pages++;
      }
      const last = this.#lastPages.get(room);
      if (last && last.lastId > lastId) lastId = last.lastId;
    }
    const at = { position, lastId };
    this.#stamp = await this.#commit(commit.set(POSITION, at));
    this.#at = at;
  }

  /** Stores the entries among a room's lines, applies them to messages in its pages, and returns its new messages. */
  async #apply(room: string, lines: readonly Line[]): Promise<readonly Line[]> {
    if (!lines.some((line) => isEntry(line) || isReply(line))) return lines;
    const entryLines = lines.filter(isEntry);
    const entries = entryLines.map(entryIn);
    const revision = revisionByAll(entries);
    const messages = lines.filter((line) => !isEntry(line)).map(revision);
    const pages = await this.entries.pagesOf(this, room, entries, messages);
    for (const page of pages) await this.#rewritePage(pageKey(room, page), revision, unchanged);
    await this.entries.store(room, entryLines, async (commit) => {
      this.#stamp = await this.#commit(commit.set(POSITION, this.#at));
    });
    return await quotePresent(this, room, messages);
  }

  async #commit(commit: Deno.AtomicOperation): Promise<string> {
    const result = await commit.check({ key: POSITION, versionstamp: this.#stamp }).commit();
    if (result.ok) return result.versionstamp;
    throw new MovedError("Archiving failed: another process moved the archive's position");
  }

  /** The pages to write so that the room's history ends with these lines, each of them once. */
  async #paginate(room: string, lines: readonly Line[], mergeBelow: number): Promise<PagePart[]> {
    const last = this.#lastPages.get(room) ?? await this.lastPage(room);
    const fresh = last ? linesFrom(lines, `${last.lastSeq}~`) : lines;
    if (!fresh.length) return [];
    let lastId = last?.lastId ?? "";
    // Keys ascend even where ids do not.
    let after = last && lastId <= last.after ? `${last.after}+` : lastId;
    let page: Line[] = [];
    if (last && last.bytes < mergeBelow) {
      const { value } = await this.#kv.get<Uint8Array>(pageKey(room, last.after));
      page = this.#packer.load(value);
      after = last.after;
    }
    const pages: PagePart[] = [];
    for (const line of fresh) {
      if (!this.#packer.add(line)) {
        pages.push({ after, lines: page, bytes: this.#packer.take() });
        page = [];
        // The highest id may stay the same where machines' clocks differ, but two pages can't have the same key.
        after = lastId > after ? lastId : `${after}+`;
        this.#packer.add(line);
      }
      page.push(line);
      const id = idIn(line);
      if (id > lastId) lastId = id;
    }
    pages.push({ after, lines: page, bytes: this.#packer.take() });
    if (this.#lastPages.size >= REMEMBERED_ROOMS) this.#lastPages.clear();
    const { length: bytes } = pages[pages.length - 1].bytes;
    this.#lastPages.set(room, { after, bytes, lastSeq: seqIn(fresh[fresh.length - 1]), lastId });
    return pages;
  }
}

function unchanged(): void {}

/** Writes a page with its signature and extent, and answers how many bytes these are. */
function setPage(commit: Deno.AtomicOperation, room: string, { after, lines, bytes }: PagePart): number {
  const signature = signatureOf(lines);
  commit.set(pageKey(room, after), bytes).set(signatureKey(room, after), signature);
  commit.set(extentKey(room, after), extentOf(lines));
  return bytes.length + signature.bits.length;
}

/** Another process has archived meanwhile. */
class MovedError extends Error {
  override readonly name = "MovedError";
}
