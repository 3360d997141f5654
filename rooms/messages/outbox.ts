/**
 * The outbox: every message that is not yet in the sheet, in commit order.
 *
 * | key | value |
 * | --- | --- |
 * | `["outbox", versionstamp]` | the bodies of one commit, packed |
 * | `["outbox_depth"]` | how many messages wait (`Deno.KvU64`) |
 * | `["outbox_removed"]` | the last versionstamp that was taken out |
 * | `["outbox_left"]` | how many messages were ever taken out (`Deno.KvU64`) |
 *
 * A message is pending if and only if its batch's key exists; the depth changes in the same commits.
 */
import { seqOf } from "./message.ts";
import { unpack } from "../kv/value_packer.ts";
import { versionstampKey } from "../kv/versionstamp_key.ts";

const PREFIX = ["outbox"];
const DEPTH = ["outbox_depth"];
const REMOVED = ["outbox_removed"];
const LEFT = ["outbox_left"];

/** The messages of one commit, in order. */
export interface Batch {
  readonly versionstamp: string;
  readonly bodies: readonly string[];
  /** What it takes in UTF-8. */
  readonly bytes: number;
}

/** What a KV commit can do with a batch; the key of `add` is the commit's own versionstamp. */
export class Outbox {
  readonly #kv: Deno.Kv;
  #depth = 0;
  #changes = 0;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Messages waiting, as far as this process knows. */
  get depth(): number {
    return this.#depth;
  }

  /** This process has added so many messages, or, below 0, taken them out. */
  changeDepth(by: number): void {
    this.#depth += by;
    this.#changes++;
  }

  /** Reads the depth, which other processes may have changed. */
  async refresh(): Promise<void> {
    const changes = this.#changes;
    const entry = await this.#kv.get<Deno.KvU64>(DEPTH);
    // What was read may lie before or after a change made meanwhile.
    if (changes === this.#changes) this.#depth = Number(entry.value?.value ?? 0n);
  }

  /** Puts a batch of `count` packed messages into a commit. */
  add(commit: Deno.AtomicOperation, bytes: Uint8Array, count: number): void {
    commit.set(versionstampKey(this.#kv, ...PREFIX), bytes).sum(DEPTH, BigInt(count));
  }

  /** Takes settled batches out, the oldest first, in a commit of at most 900 of them. */
  remove(commit: Deno.AtomicOperation, batches: readonly Batch[]): void {
    for (const batch of batches) commit.delete([...PREFIX, batch.versionstamp]);
    commit.set(REMOVED, batches[batches.length - 1].versionstamp);
    const count = BigInt(countIn(batches));
    // A sum wraps at 2^64, so that this is a subtraction.
    commit.sum(DEPTH, BigInt.asUintN(64, -count)).sum(LEFT, count);
  }

  /** How many messages there ever were: those that wait, and those that have left. */
  async total(): Promise<number> {
    // Of one moment: a batch leaves the one and comes to the other in one commit.
    const entries = await this.#kv.getMany<[Deno.KvU64, Deno.KvU64]>([DEPTH, LEFT]);
    return entries.reduce((sum, { value }) => sum + Number(value?.value ?? 0n), 0);
  }

  /** Batches up to this versionstamp may have been taken out, and no later ones; `""`: none. */
  async removedUpTo(): Promise<string> {
    return (await this.#kv.get<string>(REMOVED)).value ?? "";
  }

  /** The batches after `versionstamp` (`""`: all), in order, or the first so many of them. */
  async *after(versionstamp: string, limit?: number): AsyncGenerator<Batch> {
    // The next possible key: a list's start is inclusive.
    const start = [...PREFIX, `${versionstamp}\0`];
    const end = [...PREFIX, "g"];
    for await (const entry of this.#kv.list<Uint8Array>({ start, end }, { batchSize: 25, limit })) {
      yield {
        versionstamp: String(entry.key[1]),
        bodies: unpack(entry.value),
        bytes: entry.value.length,
      };
    }
  }

  /** When the oldest pending message was committed is not stored; its batch is. */
  async oldest(): Promise<Batch | undefined> {
    const { value } = await this.after("").next();
    return value;
  }
}

/** How many messages these batches hold. */
export function countIn(batches: readonly Batch[]): number {
  return batches.reduce((count, batch) => count + batch.bodies.length, 0);
}

/** The `seq` of the message at `place` of a batch. */
export function seqInBatch(batch: Batch, place: number): string {
  return seqOf(batch.versionstamp, place);
}
