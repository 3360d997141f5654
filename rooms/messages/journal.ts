/**
 * The journal makes messages durable, many at a time, and gives them one order.
 *
 * Group commit: while one commit is under way, messages gather; the next one takes them all. So a lone message waits
 * for nothing, and a thousand share one transaction. A commit holds one batch for the outbox (which all rooms share),
 * the keys by which resends are recognised (`resend_key.ts`), and what other parts add.
 */
import { setImmediate } from "node:timers/promises";
import { readKeys } from "../kv/read_keys.ts";
import { LeaseLostError } from "../kv/lease.ts";
import type { Draft } from "./draft.ts";
import { seqOf } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import { Packer } from "../kv/value_packer.ts";
import { type IdempotentCommit, RefusedError } from "../kv/idempotent_commit.ts";
import type { Commit } from "./commit_stream.ts";
import { type Trace, untraced } from "../trace.ts";
import { type Accepted, keyOf, nameOf, RESEND_LIFE_MS, type ResendKey } from "./resend_key.ts";

/** A message that is not durable yet. */
export interface JournalItem {
  readonly draft: Draft;
  /** Those to notify: its sender, and senders of the same message again. */
  readonly senders: Sender[];
  /** Present when the message must be recognised if it is sent again. */
  readonly resend?: ResendKey;
}

/** Is notified of what became of a message, once. */
export interface Sender {
  /** The message is durable; a resend gets the id and time of the first message. */
  accepted(message: Accepted, resend: ResendKey | undefined): void;
  /** The message could not be stored. */
  failed(resend: ResendKey | undefined): void;
}

/** Makes messages durable: the journal, or what forwards them to another isolate's. */
export interface Writer {
  /** The number of messages that are not durable yet. */
  readonly waiting: number;
  /** Takes a message; its senders are notified later. */
  write(item: JournalItem): void;
}

interface JournalOptions {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  /** Makes the commits. */
  readonly idempotentCommit: IdempotentCommit;
  /** Whether others store messages at the same time. */
  readonly isShared: boolean;
  readonly trace?: Trace;
  /** Adds to the commit of these messages what else must be stored with them. */
  readonly add: (commit: Deno.AtomicOperation, items: readonly JournalItem[]) => void;
  /** Called after each commit, in order, after its senders were notified. */
  readonly committed: (commit: Commit) => void;
  /** Called when `count` messages could not be stored, after their senders were notified. */
  readonly failed: (error: unknown, count: number) => void;
  /** Called with messages that this isolate may not store any more, because another one has taken the lease. */
  readonly displaced: (items: readonly JournalItem[]) => void;
}

/** Keys of items in a commit, which holds 1,000 mutations (https://docs.deno.com/api/deno/~/Deno.AtomicOperation). */
const MAX_KEYS = 900;
/** A commit to KV Connect holds 10 checks, one of which is that of {@link IdempotentCommit}. */
const MAX_DOUBTFUL = 9;
/** Tries of a commit whose messages other processes store at the same time. */
const MAX_TRIES = 5;
/** Resends that were looked up longer ago than this are looked up again before the commit: the process was paused. */
const FRESH_MS = 2_000;
/** When KV doesn't answer, senders are notified of the failure after 10 polls, one a second. One timer costs a commit nothing. */
const MAX_POLLS = 10;
const POLL_EVERY_MS = 1_000;

const NOTHING: ReadonlySet<JournalItem> = new Set();

/** Stores messages in group commits, and notifies their senders. */
export class Journal implements Writer {
  readonly #options: JournalOptions;
  readonly #packer = new Packer();
  /** Messages that may be sent again and are not durable yet, by {@link nameOf}. */
  readonly #resends = new Map<string, JournalItem>();
  #waiting: JournalItem[] = [];
  #flushing: Promise<void> | undefined;
  #isClosed = false;
  /** The messages that are being stored. */
  #unsettled: ReadonlySet<JournalItem> = NOTHING;
  /** Polls since their storing began. */
  #polls = 0;
  #polling: ReturnType<typeof setInterval> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  write(item: JournalItem): void {
    if (this.#isClosed) return item.senders.forEach((sender) => sender.failed(item.resend));
    if (item.resend) {
      const name = nameOf(item.draft, item.resend);
      const first = this.#resends.get(name);
      if (first) return void first.senders.push(...item.senders);
      this.#resends.set(name, item);
    }
    this.#waiting.push(item);
    this.#flushing ??= this.#flush();
  }

  /** Resolves when every message taken so far is durable or has failed. */
  async drain(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  /** Takes no more messages, and drains. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.drain();
    clearInterval(this.#polling);
  }

  async #flush(): Promise<void> {
    // One turn of the event loop: messages that arrive together are stored together.
    await setImmediate();
    while (this.#waiting.length) {
      const taken = this.#waiting;
      this.#waiting = [];
      const { trace = untraced } = this.#options;
      await trace("receive", { messages: taken.length }, () => this.#settle(taken));
    }
    this.#flushing = undefined;
  }

  /** Stores messages, and notifies the senders of those that can't be stored. */
  async #settle(taken: readonly JournalItem[]): Promise<void> {
    const unsettled = new Set(taken);
    this.#unsettled = unsettled;
    this.#polls = 0;
    this.#polling ??= setInterval(() => this.#poll(), POLL_EVERY_MS);
    try {
      await this.#answerResends(unsettled);
      let readAt = performance.now();
      for (let tries = 1; unsettled.size;) {
        if (performance.now() - readAt > FRESH_MS) {
          await this.#answerResends(unsettled);
          readAt = performance.now();
          continue;
        }
        const [bytes, items] = this.#pack(unsettled);
        try {
          await this.#commit(items, bytes, unsettled);
          tries = 1;
        } catch (error) {
          if (!(error instanceof RefusedError) || tries++ === MAX_TRIES) throw error;
          await this.#answerResends(unsettled);
        }
      }
    } catch (error) {
      if (error instanceof LeaseLostError) return this.#displace([...unsettled]);
      for (const item of unsettled) this.#notify(item);
      this.#options.failed(error, unsettled.size);
    } finally {
      this.#unsettled = NOTHING;
    }
  }

  /**
   * When KV doesn't answer, notifies senders of a failure: of the messages being stored, and of those that wait. KV may
   * store the former all the same; they are recognised when they are sent again.
   */
  #poll(): void {
    if (!this.#unsettled.size || ++this.#polls < MAX_POLLS) return;
    this.#polls = 0;
    for (const item of [...this.#unsettled, ...this.#waiting.splice(0)]) this.#notify(item);
  }

  #displace(items: readonly JournalItem[]): void {
    for (const { draft, resend } of items) if (resend) this.#resends.delete(nameOf(draft, resend));
    this.#options.displaced(items);
  }

  /** The stored value of the first messages, as many as fit into one commit, and these messages. */
  #pack(items: Iterable<JournalItem>): [bytes: Uint8Array, packed: JournalItem[]] {
    const packed: JournalItem[] = [];
    let doubtful = 0;
    let keys = 0;
    for (const item of items) {
      const { body, change, answered, files } = item.draft;
      if (this.#isDoubtful(item) && doubtful++ === MAX_DOUBTFUL) break;
      // Hooks add a key for a reply and for a deletion, and two for a file.
      keys += (answered || change ? 2 : 1) + 2 * files.length;
      if (keys > MAX_KEYS || !this.#packer.add(body)) break;
      packed.push(item);
    }
    return [this.#packer.take(), packed];
  }

  async #commit(
    items: readonly JournalItem[],
    bytes: Uint8Array,
    unsettled: Set<JournalItem>,
  ): Promise<void> {
    const { kv, outbox, idempotentCommit, add, committed, trace = untraced } = this.#options;
    const commit = kv.atomic();
    outbox.add(commit, bytes, items.length);
    for (const item of items) {
      const { draft, resend } = item;
      if (!resend) continue;
      const { id, timestamp } = draft;
      const key = keyOf(draft, resend);
      if (this.#isDoubtful(item)) commit.check({ key, versionstamp: null });
      commit.set(key, { id, timestamp }, { expireIn: RESEND_LIFE_MS });
    }
    add(commit, items);
    const versionstamp = await trace(
      "commit",
      { messages: items.length },
      () => idempotentCommit.commit(commit),
    );
    outbox.changeDepth(items.length);
    for (const [i, item] of items.entries()) {
      unsettled.delete(item);
      const { id, timestamp } = item.draft;
      this.#notify(item, { id, timestamp, seq: seqOf(versionstamp, i) });
    }
    committed({ versionstamp, messages: items.map(({ draft }) => draft) });
  }

  #isDoubtful({ resend }: JournalItem): boolean {
    return this.#options.isShared && resend?.isDoubtful === true;
  }

  /** Answers the resends of messages that are stored already, and removes them from the set. */
  async #answerResends(unsettled: Set<JournalItem>): Promise<void> {
    const resends = [...unsettled].flatMap((item) =>
      item.resend ? { item, key: keyOf(item.draft, item.resend) } : []
    );
    if (!resends.length) return;
    const found = await readKeys<Accepted>(this.#options.kv, resends.map(({ key }) => key));
    for (const [i, { item }] of resends.entries()) {
      const first = found[i].value;
      if (!first) continue;
      unsettled.delete(item);
      this.#notify(item, first);
    }
  }

  /** Notifies an item's senders, each once, that it is durable or, without `accepted`, that it failed. */
  #notify({ draft, senders, resend }: JournalItem, accepted?: Accepted): void {
    if (resend) this.#resends.delete(nameOf(draft, resend));
    for (let sender = senders.shift(); sender; sender = senders.shift()) {
      if (accepted) sender.accepted(accepted, resend);
      else sender.failed(resend);
    }
  }
}
