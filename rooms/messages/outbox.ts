/**
 * The outbox: every message that is not yet in the sheet, in commit order.
 *
 * | key | value |
 * | --- | --- |
 * | `["outbox", versionstamp]` | the bodies of one commit, packed |
 * | `["outbox_depth"]` | the number of messages that wait (`Deno.KvU64`) |
 * | `["outbox_removed"]` | the last versionstamp that was removed |
 * | `["outbox_left"]` | the number of messages that were ever removed (`Deno.KvU64`) |
 *
 * A message is pending if and only if its batch's key exists; the depth changes in the same commits.
 */
import { seqOf } from "./message.ts";
import { unpack } from "../kv/value_packer.ts";
import { keysAfter, versionstampKey } from "../kv/versionstamp_key.ts";

const PREFIX = ["outbox"];
const DEPTH = ["outbox_depth"];
const REMOVED = ["outbox_removed"];
const LEFT = ["outbox_left"];

/** The messages of one commit, in order. */
export interface Batch {
  readonly versionstamp: string;
  readonly bodies: readonly string[];
  /** Its size in UTF-8. */
  readonly bytes: number;
}

/** Adds batches to commits, removes them, and reads them in order. */
export class Outbox {
  readonly #kv: Deno.Kv;
  #depth = 0;
  #changes = 0;
  /** The last versionstamp that was removed, as far as this process knows. */
  #removed = "";

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** The number of messages that wait, as far as this process knows. */
  get depth(): number {
    return this.#depth;
  }

  /** This process has added `by` messages or, when `by` is negative, removed them. */
  changeDepth(by: number): void {
    this.#depth += by;
    this.#changes++;
  }

  /** Reads the depth, which other processes change too. */
  async refresh(): Promise<void> {
    const changes = this.#changes;
    const entry = await this.#kv.get<Deno.KvU64>(DEPTH);
    // Not after a change made meanwhile: the read value may or may not include it.
    if (changes === this.#changes) this.#depth = Number(entry.value?.value ?? 0n);
  }

  /** Adds a batch of `count` packed messages to a commit, whose versionstamp becomes its key. */
  add(commit: Deno.AtomicOperation, bytes: Uint8Array, count: number): void {
    commit.set(versionstampKey(this.#kv, ...PREFIX), bytes).sum(DEPTH, BigInt(count));
  }

  /**
   * Adds to a commit that these settled batches are removed, at most 900 at a time. {@link removedUpTo} must have been called
   * since another process removed any.
   */
  remove(commit: Deno.AtomicOperation, batches: readonly Batch[]): void {
    for (const { versionstamp } of batches) {
      commit.delete([...PREFIX, versionstamp]);
      if (versionstamp > this.#removed) this.#removed = versionstamp;
    }
    commit.set(REMOVED, this.#removed);
    const count = BigInt(countIn(batches));
    // A sum wraps at 2^64, so that this is a subtraction.
    commit.sum(DEPTH, BigInt.asUintN(64, -count)).sum(LEFT, count);
  }

  /** The number of messages there ever were: those that wait, and those that were removed. */
  async total(): Promise<number> {
    // One read of both: a commit moves a batch from the one number to the other.
    const entries = await this.#kv.getMany<[Deno.KvU64, Deno.KvU64]>([DEPTH, LEFT]);
    return entries.reduce((sum, { value }) => sum + Number(value?.value ?? 0n), 0);
  }

  /** The versionstamp of the last batch that was removed; `""` when none was. */
  async removedUpTo(): Promise<string> {
    const { value } = await this.#kv.get<string>(REMOVED);
    return this.#removed = value ?? "";
  }

  /** The batches after `versionstamp` (`""`: all), in order, at most `limit`. */
  async *after(versionstamp: string, limit?: number): AsyncGenerator<Batch> {
    const batches = this.#kv.list<Uint8Array>(keysAfter(versionstamp, ...PREFIX), { batchSize: 25, limit });
    for await (const { key, value } of batches) {
      yield { versionstamp: String(key[1]), bodies: unpack(value), bytes: value.length };
    }
  }

  /** The versionstamp of the newest batch; `""` when no message waits. */
  async newest(): Promise<string> {
    const { value } = await this.#kv.list({ prefix: PREFIX }, { reverse: true, limit: 1 }).next();
    return value ? String(value.key[1]) : "";
  }

  /** The oldest batch; `undefined` when no message waits. */
  async oldest(): Promise<Batch | undefined> {
    const { value } = await this.after("").next();
    return value;
  }
}

/** The number of messages in these batches. */
export function countIn(batches: readonly Batch[]): number {
  return batches.reduce((count, batch) => count + batch.bodies.length, 0);
}

/** The `seq` of the message at `index` in a batch. */
export function seqInBatch(batch: Batch, index: number): string {
  return seqOf(batch.versionstamp, index);
}
