/**
 * What a document is in KV.
 *
 * | key | value |
 * | --- | --- |
 * | `["doc", id, "update", versionstamp]` | an update, at most 60,000 bytes |
 * | `["doc", id, "part", snapshot, n]` | the nth piece of a snapshot |
 * | `["doc", id, "head"]` | {@link Head}: which snapshot holds, and what it stands for |
 *
 * An update is one commit, and durable with it. Now and then, and for a larger one, the whole document is written as a
 * snapshot; the commit
 * that makes it hold checks that nobody else's came to hold meanwhile, and only after it the updates that it stands for
 * are deleted. Wherever a process dies in between, updates are left that the snapshot has too, and Yjs takes those twice
 * as once; or pieces that no head names, which the next snapshot clears away.
 */
import { monotonicFactory } from "ulid";
import { versionstampKey } from "../kv/versionstamp_key.ts";

interface Head {
  readonly snapshot: string;
  readonly parts: number;
  /** The versionstamp of the last update that the snapshot stands for. */
  readonly upTo: string;
}

const PIECE_BYTES = 60_000;
/** Pieces in one commit, which may have 800 KiB. */
const PIECES = 12;
/** Keys deleted in one commit, which may have 1,000 mutations. */
const DELETIONS = 500;
/** Values that are read at a time: large ones, and keys of which only the last matters. */
const LARGE: Deno.KvListOptions = { batchSize: 10 };
const MANY: Deno.KvListOptions = { batchSize: 100 };

export class DocumentStore {
  readonly #kv: Deno.Kv;
  readonly #prefix: Deno.KvKey;
  readonly #newId = monotonicFactory();
  /** All updates up to here have been read. */
  #cursor = "";
  /** The head as it was read last, or written by us. */
  #head: Deno.KvEntryMaybe<Head> | undefined;
  #surplus = 0;

  constructor(kv: Deno.Kv, id: string) {
    this.#kv = kv;
    this.#prefix = ["doc", id];
  }

  /** How many updates were read or appended since the last snapshot. */
  get surplus(): number {
    return this.#surplus;
  }

  /** Whether an update can be appended as such; else the whole document has to be written. */
  static fits(update: Uint8Array): boolean {
    return update.length <= PIECE_BYTES;
  }

  /** All that stands in KV and hasn't been read, in an order that doesn't matter. */
  async read(): Promise<Uint8Array<ArrayBuffer>[]> {
    for (;;) {
      // Updates first: those that are deleted by then stand in the snapshot that is read after them.
      const { updates, cursor } = await this.#readUpdates();
      const head = await this.#kv.get<Head>([...this.#prefix, "head"]);
      // It may stand for updates that were deleted unread, or for what never was an update of its own.
      const isNews = head.value !== null && head.versionstamp !== this.#head?.versionstamp;
      const snapshot = isNews && head.value ? await this.#readSnapshot(head.value) : undefined;
      // Another one has come to hold meanwhile, and its pieces are gone.
      if (isNews && !snapshot) continue;
      if (isNews) this.#surplus = 0;
      this.#surplus += updates.length;
      this.#cursor = cursor;
      this.#head = head;
      return snapshot ? [snapshot, ...updates] : updates;
    }
  }

  /** Makes an update durable. */
  async append(update: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#kv.set(versionstampKey(this.#kv, ...this.#prefix, "update"), update);
    this.#surplus++;
  }

  /**
   * Writes the whole document, which has to hold all that was read. Answers whether it holds: another process may have
   * been faster; then read, and try again.
   */
  async replace(state: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const [kv, prefix, before, upTo] = [this.#kv, this.#prefix, this.#head, this.#cursor];
    const snapshot = this.#newId();
    const all = pieces(state);
    for (let from = 0; from < all.length; from += PIECES) {
      const commit = kv.atomic();
      all.slice(from, from + PIECES)
        .forEach((piece, n) => commit.set([...prefix, "part", snapshot, from + n], piece));
      await commit.commit();
    }
    // Whoever wrote pieces before our commit knows an older head than ours, and will not have its own accepted.
    const old = await this.#keys({ prefix: [...prefix, "part"] });
    const key = [...prefix, "head"];
    const head: Head = { snapshot, parts: all.length, upTo };
    const result = await kv.atomic().check({ key, versionstamp: before?.versionstamp ?? null }).set(key, head)
      .commit();
    if (!result.ok) {
      await this.#delete(old.filter((part) => part[3] === snapshot));
      return false;
    }
    this.#head = { key, value: head, versionstamp: result.versionstamp };
    this.#surplus = 0;
    const updates = { start: [...prefix, "update"], end: [...prefix, "update", `${upTo}\0`] };
    await this.#delete([...await this.#keys(updates), ...old.filter((part) => part[3] !== snapshot)]);
    return true;
  }

  async #readUpdates(): Promise<{ updates: Uint8Array<ArrayBuffer>[]; cursor: string }> {
    const start = [...this.#prefix, "update", `${this.#cursor}\0`];
    const end = [...this.#prefix, "update", "g"];
    const entries = await Array.fromAsync(this.#kv.list<Uint8Array<ArrayBuffer>>({ start, end }, MANY));
    const cursor = entries.length ? String(entries[entries.length - 1].key[3]) : this.#cursor;
    return { updates: entries.map(({ value }) => value), cursor };
  }

  async #readSnapshot({ snapshot, parts }: Head): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const prefix = [...this.#prefix, "part", snapshot];
    const values = await Array.fromAsync(
      this.#kv.list<Uint8Array<ArrayBuffer>>({ prefix }, LARGE),
      ({ value }) => value,
    );
    return values.length === parts ? joined(values) : undefined;
  }

  async #keys(selector: Deno.KvListSelector): Promise<Deno.KvKey[]> {
    return await Array.fromAsync(this.#kv.list(selector, LARGE), ({ key }) => key);
  }

  async #delete(keys: readonly Deno.KvKey[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETIONS) {
      const commit = this.#kv.atomic();
      for (const key of keys.slice(from, from + DELETIONS)) commit.delete(key);
      await commit.commit();
    }
  }
}

function pieces(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const count = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES));
  return Array.from({ length: count }, (_, n) => bytes.slice(n * PIECE_BYTES, (n + 1) * PIECE_BYTES));
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
