/**
 * The journal makes messages durable, many at a time, and tells their one order.
 *
 * Group commit: while one commit is under way, messages gather; the next one takes them all. So a lone message waits
 * for nothing, and a thousand share one transaction. A commit holds one batch for the outbox (which all rooms share),
 * the marks of resends, and the doorbell for the log.
 */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { type Draft, seqOf } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import { Packer } from "./packer.ts";

/** A message on its way to be durable. */
export interface Entry {
  readonly draft: Draft;
  /** Who waits for it: its sender, and whoever sent the same once more meanwhile. */
  readonly senders: Sender[];
  /** Present when a resend has to be recognised. */
  readonly mark?: Mark;
}

/** Two sendings to one room are the same message when the same user gave the same words the same client id. */
export interface Mark {
  readonly userId: string;
  readonly clientId: string;
  readonly message: string;
}

/** Who is told what became of a message. */
export interface Sender {
  /** It is durable: for a resend, under the id and time that the first sending got. */
  accepted(message: Accepted, mark: Mark | undefined): void;
  /** It could not be stored. */
  failed(mark: Mark | undefined): void;
}

export interface Accepted {
  readonly id: string;
  readonly timestamp: string;
  /** Missing for a resend. */
  readonly seq?: string;
}

/** One commit's messages, in order. */
export interface Commit {
  readonly versionstamp: string;
  readonly entries: readonly Entry[];
}

export interface JournalOptions {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  /** Adds the log's doorbell to a commit whose first message is this one. */
  readonly ring: (commit: Deno.AtomicOperation, firstId: string) => void;
  /** Called after each commit, in order, once its senders have been told. */
  readonly committed: (commit: Commit) => void;
  /** Called when messages could not be stored. Their senders have been told. */
  readonly failed: (error: unknown, count: number) => void;
}

/** How long a resend is recognised. */
const MARK_LIFE_MS = 24 * 60 * 60 * 1000;
/** KV's limit for one `getMany` (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.getMany). */
const KEYS_PER_READ = 10;
/** Each may bring a mark, and a commit holds 1,000 mutations (same source). */
const MAX_ENTRIES = 900;

export class Journal {
  readonly #options: JournalOptions;
  readonly #packer = new Packer();
  /** By mark, the entries that are not durable yet. */
  readonly #marked = new Map<string, Entry>();
  #waiting: Entry[] = [];
  #flushing: Promise<void> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Takes a message; its senders are told later. */
  write(entry: Entry): void {
    if (entry.mark) {
      const name = nameOf(entry.draft, entry.mark);
      const first = this.#marked.get(name);
      if (first) return void first.senders.push(...entry.senders);
      this.#marked.set(name, entry);
    }
    this.#waiting.push(entry);
    this.#flushing ??= this.#flush();
  }

  /** Resolves when all that has come is durable or has failed. */
  async drain(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  async #flush(): Promise<void> {
    // One turn of the event loop: what came in together is stored together.
    await setImmediate();
    while (this.#waiting.length) {
      const taken = this.#waiting;
      this.#waiting = [];
      await this.#settle(taken);
    }
    this.#flushing = undefined;
  }

  async #settle(taken: Entry[]): Promise<void> {
    let stored = 0;
    try {
      const entries = taken.some(({ mark }) => mark) ? await this.#withoutResends(taken) : taken;
      stored = taken.length - entries.length;
      while (entries.length) {
        const [bytes, count] = this.#pack(entries);
        await this.#commit(entries.slice(0, count), bytes);
        entries.splice(0, count);
        stored += count;
      }
    } catch (error) {
      const lost = taken.slice(stored);
      for (const entry of lost) this.#tell(entry, (sender) => sender.failed(entry.mark));
      this.#options.failed(error, lost.length);
    }
  }

  /** As many bodies as fit into one stored value, and how many these are. */
  #pack(entries: readonly Entry[]): [bytes: Uint8Array, count: number] {
    let count = 0;
    while (count < entries.length && count < MAX_ENTRIES && this.#packer.add(entries[count].draft.body)) {
      count++;
    }
    return [this.#packer.take(), count];
  }

  async #commit(entries: readonly Entry[], bytes: Uint8Array): Promise<void> {
    const { kv, outbox, ring, committed } = this.#options;
    const commit = kv.atomic();
    outbox.add(commit, bytes, entries.length);
    for (const { draft, mark } of entries) {
      if (!mark) continue;
      const { id, timestamp } = draft;
      commit.set(keyOf(draft, mark), { id, timestamp }, { expireIn: MARK_LIFE_MS });
    }
    ring(commit, entries[0].draft.id);
    const result = await commit.commit();
    if (!result.ok) throw new Error("Committing messages failed: a commit without checks was refused");
    outbox.changeDepth(entries.length);
    for (const [place, entry] of entries.entries()) {
      if (!entry.senders.length) continue;
      const { id, timestamp } = entry.draft;
      const seq = seqOf(result.versionstamp, place);
      this.#tell(entry, (sender) => sender.accepted({ id, timestamp, seq }, entry.mark));
    }
    committed({ versionstamp: result.versionstamp, entries });
  }

  /** Answers the resends among them, and returns the others. */
  async #withoutResends(taken: readonly Entry[]): Promise<Entry[]> {
    const marked = taken.filter(({ mark }) => mark);
    const reads: Promise<Deno.KvEntryMaybe<Accepted>[]>[] = [];
    for (let i = 0; i < marked.length; i += KEYS_PER_READ) {
      const keys = marked.slice(i, i + KEYS_PER_READ).map(({ draft, mark }) => keyOf(draft, mark as Mark));
      reads.push(this.#options.kv.getMany<Accepted[]>(keys));
    }
    const found = (await Promise.all(reads)).flat();
    const resent = new Map(marked.map((entry, i) => [entry, found[i].value]));
    return taken.filter((entry) => {
      const first = resent.get(entry);
      if (first) this.#tell(entry, (sender) => sender.accepted(first, entry.mark));
      return !first;
    });
  }

  #tell(entry: Entry, tell: (sender: Sender) => void): void {
    if (entry.mark) this.#marked.delete(nameOf(entry.draft, entry.mark));
    entry.senders.forEach(tell);
  }
}

function nameOf({ room }: Draft, { userId, clientId, message }: Mark): string {
  return [room, userId, clientId, message].join("\n");
}

function keyOf({ room }: Draft, { userId, clientId, message }: Mark): Deno.KvKey {
  // Two guests of one name may count from 1: the words tell them apart, and no message is lost to the other's.
  return ["sent", room, userId, clientId, createHash("sha256").update(message).digest("base64url")];
}
