/**
 * The journal makes messages durable, many at a time, and tells their one order.
 *
 * Group commit: while one commit is under way, messages gather; the next one takes them all. So a lone message waits
 * for nothing, and a thousand share one transaction. A commit holds one batch for the outbox (which all rooms share),
 * the marks of resends, and the doorbell for the log.
 */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { LeaseLostError } from "../kv/lease.ts";
import { type Draft, seqOf } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import { Packer } from "../kv/value_packer.ts";
import { type IdempotentCommit, RefusedError } from "../kv/idempotent_commit.ts";
import type { Commit } from "./commit_stream.ts";
import { type Trace, untraced } from "../trace.ts";

/** A message on its way to be durable. */
export interface JournalItem {
  readonly draft: Draft;
  /** Who waits for it: its sender, and whoever sent the same once more meanwhile. */
  readonly senders: Sender[];
  /** Present when a resend has to be recognised. */
  readonly mark?: ResendKey;
}

/** Two sendings to one room are the same message when the same user gave the same words the same client id. */
export interface ResendKey {
  readonly userId: string;
  readonly clientId: string;
  readonly message: string;
  /** Whether another process may be storing the same at this very moment: its sender was cut off there. */
  readonly isDoubtful?: boolean;
}

/** Who is told what became of a message. */
export interface Sender {
  /** It is durable: for a resend, under the id and time that the first sending got. */
  accepted(message: Accepted, mark: ResendKey | undefined): void;
  /** It could not be stored. */
  failed(mark: ResendKey | undefined): void;
}

export interface Accepted {
  readonly id: string;
  readonly timestamp: string;
  /** Missing for a resend. */
  readonly seq?: string;
}

/** Takes messages that are to become durable. */
export interface Writer {
  /** How many are not durable yet. */
  readonly waiting: number;
  /** Takes a message; its senders are told later. */
  write(entry: JournalItem): void;
}

export interface JournalOptions {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  /** Makes the commits. */
  readonly idempotentCommit: IdempotentCommit;
  /** Whether others store messages at the same time. */
  readonly isShared: boolean;
  readonly trace?: Trace;
  /** Adds to the commit of these messages what else belongs into it: the log's doorbell, for one. */
  readonly add: (commit: Deno.AtomicOperation, entries: readonly JournalItem[]) => void;
  /** Called after each commit, in order, once its senders have been told. */
  readonly committed: (commit: Commit) => void;
  /** Called when messages could not be stored. Their senders have been told. */
  readonly failed: (error: unknown, count: number) => void;
  /** Called with messages that this isolate may not store any more: another one does by now. */
  readonly displaced: (entries: readonly JournalItem[]) => void;
}

/** How long a resend is recognised. */
const MARK_LIFE_MS = 24 * 60 * 60 * 1000;
/** KV's limit for one `getMany` (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.getMany). */
const KEYS_PER_READ = 10;
/** Each may bring a mark, and a commit holds 1,000 mutations (same source). */
const MAX_ENTRIES = 900;
/** A commit to KV Connect holds 10 checks, one of which is the seal's. */
const MAX_DOUBTFUL = 9;
/** How often a commit is tried whose messages others have stored meanwhile. */
const TRIES = 5;
/** What was read so long before the commit is read again: the process may have been paused. */
const FRESH_MS = 2_000;
/** Senders wait about 10 s when KV doesn't answer: so many looks, so far apart. One timer for all costs a commit nothing. */
const LOOKS = 10;
const LOOK_EVERY_MS = 1_000;

const NONE: ReadonlySet<JournalItem> = new Set();

export class Journal implements Writer {
  readonly #options: JournalOptions;
  readonly #packer = new Packer();
  /** By mark, the entries that are not durable yet. */
  readonly #marked = new Map<string, JournalItem>();
  #waiting: JournalItem[] = [];
  #flushing: Promise<void> | undefined;
  #isClosed = false;
  /** What is being stored. */
  #unsettled: ReadonlySet<JournalItem> = NONE;
  /** Looks since that began. */
  #looks = 0;
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  write(entry: JournalItem): void {
    if (this.#isClosed) return entry.senders.forEach((sender) => sender.failed(entry.mark));
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

  /** Takes no more, and drains. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.drain();
    clearInterval(this.#looking);
  }

  async #flush(): Promise<void> {
    // One turn of the event loop: what came in together is stored together.
    await setImmediate();
    while (this.#waiting.length) {
      const taken = this.#waiting;
      this.#waiting = [];
      const { trace = untraced } = this.#options;
      await trace("receive", { messages: taken.length }, () => this.#settle(taken));
    }
    this.#flushing = undefined;
  }

  /** Stores what has come. What can't be stored, its senders are told. */
  async #settle(taken: readonly JournalItem[]): Promise<void> {
    const unsettled = new Set(taken);
    this.#unsettled = unsettled;
    this.#looks = 0;
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
    try {
      await this.#answerResends(unsettled);
      let readAt = performance.now();
      for (let tries = 1; unsettled.size;) {
        if (performance.now() - readAt > FRESH_MS) {
          await this.#answerResends(unsettled);
          readAt = performance.now();
          continue;
        }
        const [bytes, entries] = this.#pack(unsettled);
        try {
          await this.#commit(entries, bytes, unsettled);
          tries = 1;
        } catch (error) {
          if (!(error instanceof RefusedError) || tries++ === TRIES) throw error;
          await this.#answerResends(unsettled);
        }
      }
    } catch (error) {
      if (error instanceof LeaseLostError) return this.#displace([...unsettled]);
      for (const entry of unsettled) this.#tell(entry, (sender) => sender.failed(entry.mark));
      this.#options.failed(error, unsettled.size);
    } finally {
      this.#unsettled = NONE;
    }
  }

  /**
   * When KV doesn't answer, senders are told that it failed, of what waits behind, too. What is on its way may be stored
   * all the same, and is then known when it is sent again.
   */
  #look(): void {
    if (!this.#unsettled.size || ++this.#looks < LOOKS) return;
    this.#looks = 0;
    for (const entry of [...this.#unsettled, ...this.#waiting.splice(0)]) {
      this.#tell(entry, (sender) => sender.failed(entry.mark));
    }
  }

  #displace(entries: readonly JournalItem[]): void {
    for (const { draft, mark } of entries) if (mark) this.#marked.delete(nameOf(draft, mark));
    this.#options.displaced(entries);
  }

  /** As many entries as fit into one stored value, and that value. */
  #pack(entries: Iterable<JournalItem>): [bytes: Uint8Array, packed: JournalItem[]] {
    const packed: JournalItem[] = [];
    let doubtful = 0;
    for (const entry of entries) {
      if (this.#isDoubtful(entry) && doubtful++ === MAX_DOUBTFUL) break;
      if (packed.length === MAX_ENTRIES || !this.#packer.add(entry.draft.body)) break;
      packed.push(entry);
    }
    return [this.#packer.take(), packed];
  }

  async #commit(
    entries: readonly JournalItem[],
    bytes: Uint8Array,
    unsettled: Set<JournalItem>,
  ): Promise<void> {
    const { kv, outbox, idempotentCommit, add, committed, trace = untraced } = this.#options;
    const commit = kv.atomic();
    outbox.add(commit, bytes, entries.length);
    for (const entry of entries) {
      const { draft, mark } = entry;
      if (!mark) continue;
      const { id, timestamp } = draft;
      const key = keyOf(draft, mark);
      if (this.#isDoubtful(entry)) commit.check({ key, versionstamp: null });
      commit.set(key, { id, timestamp }, { expireIn: MARK_LIFE_MS });
    }
    add(commit, entries);
    const versionstamp = await trace(
      "commit",
      { messages: entries.length },
      () => idempotentCommit.commit(commit),
    );
    outbox.changeDepth(entries.length);
    for (const [place, entry] of entries.entries()) {
      unsettled.delete(entry);
      const { id, timestamp } = entry.draft;
      const seq = seqOf(versionstamp, place);
      this.#tell(entry, (sender) => sender.accepted({ id, timestamp, seq }, entry.mark));
    }
    committed({ versionstamp, messages: entries.map(({ draft }) => draft) });
  }

  #isDoubtful({ mark }: JournalItem): boolean {
    return this.#options.isShared && mark?.isDoubtful === true;
  }

  /** Answers the resends among the entries, and takes them out. */
  async #answerResends(unsettled: Set<JournalItem>): Promise<void> {
    const marked = [...unsettled].filter(({ mark }) => mark);
    if (!marked.length) return;
    const reads: Promise<Deno.KvEntryMaybe<Accepted>[]>[] = [];
    for (let i = 0; i < marked.length; i += KEYS_PER_READ) {
      const keys = marked.slice(i, i + KEYS_PER_READ).map(({ draft, mark }) =>
        keyOf(draft, mark as ResendKey)
      );
      reads.push(this.#options.kv.getMany<Accepted[]>(keys));
    }
    const found = (await Promise.all(reads)).flat();
    for (const [i, entry] of marked.entries()) {
      const first = found[i].value;
      if (!first) continue;
      unsettled.delete(entry);
      this.#tell(entry, (sender) => sender.accepted(first, entry.mark));
    }
  }

  #tell(entry: JournalItem, tell: (sender: Sender) => void): void {
    if (entry.mark) this.#marked.delete(nameOf(entry.draft, entry.mark));
    // Each is told once.
    entry.senders.splice(0).forEach(tell);
  }
}

function nameOf({ room }: Draft, { userId, clientId, message }: ResendKey): string {
  return JSON.stringify([room, userId, clientId, message]);
}

function keyOf({ room }: Draft, { userId, clientId, message }: ResendKey): Deno.KvKey {
  // Two guests of one name may count from 1: the words tell them apart, and no message is lost to the other's.
  return ["sent", room, userId, clientId, createHash("sha256").update(message).digest("base64url")];
}
