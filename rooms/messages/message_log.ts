/**
 * The message log: makes messages durable in one order, and brings what any isolate or machine has committed to those
 * who subscribe.
 *
 * | reached through | who commits |
 * | --- | --- |
 * | nothing: one isolate | this one |
 * | posts (`BroadcastChannel`, Redis) | the holder of the lease, for all: {@link WriteForwarding} |
 * | KV alone | each for itself; KV is what they meet in |
 */
import { decodeTime } from "ulid";
import type { Channel, Post } from "../cluster/channel.ts";
import type { Clock } from "../clock.ts";
import type { Counters } from "../counters.ts";
import { IdempotentCommit } from "../kv/idempotent_commit.ts";
import { Lease } from "../kv/lease.ts";
import type { Trace } from "../trace.ts";
import { Archive } from "./archive.ts";
import { type Commit, CommitStream, type CommittedMessage } from "./commit_stream.ts";
import { History } from "./history.ts";
import { addReply } from "./entries/entry_store.ts";
import { isId, type Line } from "./message.ts";
import { Journal, type JournalItem, type Writer } from "./journal.ts";
import { type Accepted, findSent, type ResendKey } from "./resend_key.ts";
import { Outbox } from "./outbox.ts";
import { WriteForwarding } from "./write_forwarding.ts";

/** Adds to each commit of messages, and is notified of the outcome. Commits are made one at a time. */
export interface CommitHook {
  /** Adds to the commit of these messages. */
  add?(commit: Deno.AtomicOperation, items: readonly JournalItem[]): void;
  /** The commit was made, and the senders of its messages were notified. */
  committed?(commit: Commit): void;
  /** The commit failed, and may have been made all the same. */
  failed?(): void;
}

interface MessageLogParts {
  readonly kv: Deno.Kv;
  /** Whether KV is behind a network. */
  readonly isRemote: boolean;
  readonly clock: Clock;
  /** Missing when there are no other isolates. */
  readonly channel: Channel | undefined;
  readonly hooks: readonly CommitHook[];
  readonly counters: Counters;
  readonly trace: Trace;
  /** Called when another isolate has taken over, though this one hadn't stopped. */
  readonly leaseLost?: (name: string) => void;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown, count?: number) => void;
}

/** Messages that may have been committed since the archive last took some, before it takes them at the next tick. */
const ARCHIVE_AFTER = 5_000;
/** For this time after a message was made, an isolate may not have read it yet; clocks of machines differ, too. */
const FRESH_MS = 60_000;
/** Ticks after which the archive takes whatever there is. */
const ARCHIVE_EVERY_TICKS = 10;

/** All messages of all rooms, durable and in one order. */
export class MessageLog implements Writer {
  readonly name = "message_log";
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly history: History;
  readonly #parts: MessageLogParts;
  readonly #hooks: CommitHook[];
  readonly #idempotentCommit: IdempotentCommit;
  readonly #journal: Journal;
  readonly #stream: CommitStream;
  readonly #forwarding: WriteForwarding | undefined;
  readonly #subscribers: ((messages: readonly CommittedMessage[]) => void)[] = [];
  readonly #leaderListeners: (() => void)[] = [];
  #unarchived = 0;
  #ticks = 0;

  /** Opens the log, and knows by then how much waits in the outbox. */
  static async open(parts: MessageLogParts): Promise<MessageLog> {
    const outbox = new Outbox(parts.kv);
    const archive = new Archive(parts.kv, outbox);
    await archive.open();
    const log = new MessageLog(parts, outbox, archive);
    if (!log.#forwarding) await archive.advance();
    await outbox.refresh();
    return log;
  }

  private constructor(parts: MessageLogParts, outbox: Outbox, archive: Archive) {
    const { kv, isRemote, clock, channel, hooks, trace, failed } = parts;
    this.#parts = parts;
    this.outbox = outbox;
    this.archive = archive;
    this.history = new History(archive);
    const isShared = channel?.isDatabase === true;
    const lease = channel && !isShared ? new Lease(kv, "journal", clock, parts.leaseLost) : undefined;
    this.#stream = new CommitStream({
      outbox,
      archive,
      history: this.history,
      deliver: (messages) => this.#deliver(messages),
      failed: (error) => failed("commit_stream_failed", error),
    });
    this.#idempotentCommit = new IdempotentCommit({ kv, isRemote, lease });
    this.#journal = new Journal({
      kv,
      outbox,
      idempotentCommit: this.#idempotentCommit,
      isShared,
      trace,
      add: (commit, items) => {
        for (const hook of this.#hooks) hook.add?.(commit, items);
      },
      committed: (commit) => {
        for (const hook of this.#hooks) hook.committed?.(commit);
      },
      failed: (error, count) => {
        for (const hook of this.#hooks) hook.failed?.();
        failed("commit_failed", error, count);
      },
      displaced: (items) => this.#forwarding?.displaced(items),
    });
    this.#forwarding = channel && lease && new WriteForwarding({
      kv,
      channel,
      journal: this.#journal,
      history: this.history,
      lease,
      commitStream: this.#stream,
      failed: (error) => failed("write_forwarding_failed", error),
    });
    const announcer = this.#forwarding ??
      (isShared ? databaseAnnouncer(channel, this.#stream) : localAnnouncer(this.#stream));
    this.#hooks = [...hooks, { add: addReplies }, announcer, commitTimer(parts.counters, clock)];
  }

  /** Calls `receive` with the messages of each commit, in order. */
  subscribe(receive: (messages: readonly CommittedMessage[]) => void): void {
    this.#subscribers.push(receive);
  }

  /** Calls `begin` as soon as this isolate may store messages, and each time that it may again. */
  whenLeading(begin: () => void): void {
    this.#leaderListeners.push(begin);
  }

  /** Messages on their way to KV. */
  get waiting(): number {
    return this.#writer.waiting;
  }

  write(item: JournalItem): void {
    this.#writer.write(item);
  }

  /** What became of a message that was sent before, see {@link findSent}. */
  sent(room: string, key: ResendKey): Promise<Accepted | undefined> {
    return findSent(this.#parts.kv, room, key);
  }

  /**
   * The line of a durable message in its present state; `undefined` when the room has no such message. Its sender has its id
   * from the acknowledgement, which may come before this isolate reads the commit.
   */
  async line(room: string, id: string): Promise<Line | undefined> {
    const line = await this.history.line(room, id);
    const { now } = this.#parts.clock;
    if (line !== undefined || !isId(id) || Math.abs(now() - decodeTime(id)) > FRESH_MS) return line;
    await this.caughtUp();
    return await this.history.line(room, id);
  }

  /** Resolves when all that is durable by now has come to the history and to the subscribers. */
  caughtUp(): Promise<void> {
    return this.#parts.channel ? this.#stream.catchUp() : Promise.resolve();
  }

  async start(): Promise<void> {
    await this.#stream.catchUp();
    const lead = (): void => this.#leaderListeners.forEach((begin) => begin());
    if (this.#forwarding) await this.#forwarding.open(lead);
    else lead();
  }

  receive(post: Post): void {
    if (post.type === "committed") this.#stream.ring();
    else this.#forwarding?.receive(post);
  }

  resync(): void {
    this.#stream.ring();
  }

  async tick(): Promise<void> {
    // The holder of the sheet's lease archives as it writes; this is for when nothing can be written.
    const isArchivist = !this.#forwarding || this.#forwarding.isLeading;
    if (!isArchivist) await this.archive.open();
    else if (this.#unarchived > ARCHIVE_AFTER || ++this.#ticks % ARCHIVE_EVERY_TICKS === 0) {
      this.#unarchived = 0;
      await this.archive.advance();
    }
    this.history.trim();
    await this.outbox.refresh();
    if (this.#parts.channel) this.#stream.ring();
  }

  /** Stores what has come, and takes no more; at the deadline, senders of the rest are notified of the failure. */
  async quiesce(deadline: Promise<void>): Promise<void> {
    if (this.#forwarding) await this.#forwarding.close(deadline);
    else await this.#journal.close();
  }

  async close(): Promise<void> {
    await this.#stream.close();
    await this.#idempotentCommit.close();
  }

  get #writer(): Writer {
    return this.#forwarding ?? this.#journal;
  }

  #deliver(messages: readonly CommittedMessage[]): void {
    this.#unarchived += messages.length;
    this.#forwarding?.passed(messages);
    this.#parts.trace("fan_out", { messages: messages.length }, () => {
      for (const receive of this.#subscribers) receive(messages);
    });
  }
}

/** Notes which message a reply quotes: the quote changes with it. */
function addReplies(commit: Deno.AtomicOperation, items: readonly JournalItem[]): void {
  for (const { draft: { room, id, answered } } of items) {
    if (answered !== undefined) addReply(commit, room, answered, id);
  }
}

/** Brings commits to the stream where there are no other isolates. */
function localAnnouncer(stream: CommitStream): CommitHook {
  // A commit failed and may have been made all the same: the next one needn't follow the last one that is known.
  let isUncertain = false;
  return {
    committed(commit) {
      if (isUncertain) stream.ring();
      else stream.push(stream.cursor, commit);
      isUncertain = false;
    },
    failed: () => void (isUncertain = true),
  };
}

/** Brings commits to the stream, and by the commit itself to the other machines, where all share the database. */
function databaseAnnouncer(channel: Channel, stream: CommitStream): CommitHook {
  return { add: (commit) => channel.announce?.(commit), committed: () => stream.ring() };
}

/** Counts commits and the time that they take. */
function commitTimer(counters: Counters, clock: Clock): CommitHook {
  let beganAt = 0;
  return {
    add: () => void (beganAt = clock.elapsed()),
    committed() {
      counters.commits++;
      counters.commitMs += clock.elapsed() - beganAt;
    },
  };
}
