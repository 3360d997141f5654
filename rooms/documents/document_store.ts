/**
 * A document's edits in KV.
 *
 * | key | value |
 * | --- | --- |
 * | `["doc", id, "update", versionstamp]` | an update, at most 60,000 bytes |
 * | `["doc", id, "part", snapshot, n]` | the nth piece of a snapshot |
 * | `["doc", id, "head"]` | {@link Head}: which snapshot is valid, and which updates it contains |
 *
 * An update is durable with its own commit. After many updates, or for one that is too large, the whole document is
 * written as a snapshot: first its pieces, then the head, in a commit that checks that no other snapshot became valid
 * meanwhile; after that, the updates that it contains are deleted. A process that dies in between leaves updates that are
 * in the snapshot too, which Yjs applies only once, or pieces without a head, which the next snapshot deletes.
 */
import { monotonicFactory } from "ulid";
import { deleteKeys } from "../kv/delete_keys.ts";
import { PIECE_BYTES, writePieces } from "../kv/large_value.ts";
import { keysAfter, versionstampKey } from "../kv/versionstamp_key.ts";

/** The valid snapshot. */
interface Head {
  /** Its id, a ULID. */
  readonly snapshot: string;
  /** The number of its pieces. */
  readonly parts: number;
  /** The versionstamp of the last update that the snapshot contains. */
  readonly upTo: string;
}

/** Values read at a time, depending on their size. */
const LARGE: Deno.KvListOptions = { batchSize: 10 };
const MANY: Deno.KvListOptions = { batchSize: 100 };

/** The prefix of the keys of a document's edits and versions. */
export function contentPrefix(id: string): ["doc", string] {
  return ["doc", id];
}

/** The stored edits of one document, as one isolate reads and writes them. */
export class DocumentStore {
  readonly #kv: Deno.Kv;
  readonly #prefix: Deno.KvKey;
  readonly #newId = monotonicFactory();
  /** The versionstamp of the last update that was read. */
  #cursor = "";
  /** The head as it was last read, or written by this isolate. */
  #head: Deno.KvEntryMaybe<Head> | undefined;
  #surplus = 0;

  /** `id` is the document's. */
  constructor(kv: Deno.Kv, id: string) {
    this.#kv = kv;
    this.#prefix = contentPrefix(id);
  }

  /** How many updates were read or appended since the last snapshot. */
  get surplus(): number {
    return this.#surplus;
  }

  /** Whether an update can be appended; otherwise the whole document has to be written. */
  static fits(update: Uint8Array): boolean {
    return update.length <= PIECE_BYTES;
  }

  /** Reads all edits in KV that weren't read before; their order doesn't matter. */
  async read(): Promise<Uint8Array<ArrayBuffer>[]> {
    for (;;) {
      // Updates first: those that are deleted in between are in the snapshot that is read next.
      const { updates, cursor } = await this.#readUpdates();
      const head = await this.#kv.get<Head>([...this.#prefix, "head"]);
      // A new snapshot may contain updates that were deleted unread, or edits that never were an update of their own.
      const isNew = head.value !== null && head.versionstamp !== this.#head?.versionstamp;
      const snapshot = isNew && head.value ? await this.#readSnapshot(head.value) : undefined;
      // Another snapshot became valid meanwhile, and the pieces of this one were deleted.
      if (isNew && !snapshot) continue;
      if (isNew) this.#surplus = 0;
      this.#surplus += updates.length;
      this.#cursor = cursor;
      this.#head = head;
      return snapshot ? [snapshot, ...updates] : updates;
    }
  }

  /** Stores an update; resolves when it is durable. */
  async append(update: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#kv.set(versionstampKey(this.#kv, ...this.#prefix, "update"), update);
    this.#surplus++;
  }

  /**
   * Writes the whole document, `state`, which must contain everything that was read. Answers false when another process
   * wrote a snapshot meanwhile: then read and try again.
   */
  async replace(state: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const [kv, prefix, before, upTo] = [this.#kv, this.#prefix, this.#head, this.#cursor];
    const snapshot = this.#newId();
    const parts = await writePieces(kv, [...prefix, "part", snapshot], state);
    // Pieces that others wrote before our commit can be deleted: their commit will fail, as they know an older head.
    const old = await this.#keys({ prefix: [...prefix, "part"] });
    const key = [...prefix, "head"];
    const head: Head = { snapshot, parts, upTo };
    const result = await kv.atomic().check({ key, versionstamp: before?.versionstamp ?? null }).set(key, head)
      .commit();
    if (!result.ok) {
      await deleteKeys(kv, old.filter((part) => part[3] === snapshot));
      return false;
    }
    this.#head = { key, value: head, versionstamp: result.versionstamp };
    this.#surplus = 0;
    const updates = { start: [...prefix, "update"], end: [...prefix, "update", `${upTo}\0`] };
    await deleteKeys(kv, [...await this.#keys(updates), ...old.filter((part) => part[3] !== snapshot)]);
    return true;
  }

  async #readUpdates(): Promise<{ updates: Uint8Array<ArrayBuffer>[]; cursor: string }> {
    const range = keysAfter(this.#cursor, ...this.#prefix, "update");
    const entries = await Array.fromAsync(this.#kv.list<Uint8Array<ArrayBuffer>>(range, MANY));
    const cursor = String(entries.at(-1)?.key[3] ?? this.#cursor);
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
