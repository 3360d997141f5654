/**
 * Write forwarding lets one of several isolates or machines commit for all of them, which keeps all messages in one
 * order.
 *
 * The one that holds the lease leads. The others forward their messages to it, numbered, and again until they know what
 * became of each; they see it in the commits, which the leader posts to all and which {@link CommitStream} completes
 * from KV where a post was lost. The number of a message is stored with its commit, so that a new leader knows what was
 * committed and takes no message twice.
 */
import { clearImmediate, setImmediate } from "node:timers";
import { type Channel, type Post, POST_LENGTH } from "../cluster/channel.ts";
import { forwardedKey, ForwardedWrites, type ForwardPost, isForwarded } from "./forwarded_writes.ts";
import type { History } from "./history.ts";
import type { Journal, JournalItem, Writer } from "./journal.ts";
import type { Accepted } from "./resend_key.ts";
import type { Lease } from "../kv/lease.ts";
import type { Draft } from "./draft.ts";
import { idIn, seqIn } from "./message.ts";
import type { Commit, CommitStream, CommittedMessage } from "./commit_stream.ts";

interface WriteForwardingParts {
  readonly kv: Deno.Kv;
  readonly channel: Channel;
  /** Commits while this isolate leads. */
  readonly journal: Journal;
  readonly history: History;
  /** Its holder leads. */
  readonly lease: Lease;
  readonly commitStream: CommitStream;
  /** Called when KV could not be reached; forwarding goes on. */
  readonly failed: (error: unknown) => void;
}

/** A message of this isolate that the leader is to commit. */
interface Waiting {
  readonly item: JournalItem;
  /** The beat at which it was first forwarded. */
  readonly beat: number;
}

/** Every beat the leader announces itself, and the others try for the lease and forward again what has no answer. */
const BEAT_MS = 250;
/** Beats after which a message counts as failed: there is no leader, or none that can reach KV. */
const MAX_WAIT_BEATS = 60;
/** In place of the previous commit's versionstamp where that isn't known: every isolate reads KV then. */
const UNKNOWN = "?";

/** Writes messages to this isolate's journal while it leads, else forwards them to the leader. */
export class WriteForwarding implements Writer {
  readonly #parts: WriteForwardingParts;
  /** Messages of other isolates, for the time when this one leads. */
  readonly #forwarded: ForwardedWrites;
  readonly #id = crypto.randomUUID();
  /** Messages that the leader hasn't decided yet, by their number. */
  readonly #waiting = new Map<number, Waiting>();
  /** Their numbers, by the messages' ids. */
  readonly #numbers = new Map<string, number>();
  /** The highest number so far. */
  #number = 0;
  /** Messages up to this number have been posted at least once. */
  #posted = 0;
  /** Whether a message was decided since the last beat: then none of those before it was lost. */
  #isHeard = false;
  #beats = 0;
  #posting: ReturnType<typeof setImmediate> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beating: Promise<void> | undefined;
  /** While leading: the versionstamp of the last commit of all isolates. */
  #last = UNKNOWN;
  #leads: () => void = () => {};
  #isLeading = false;
  #isClosing = false;
  #emptied = Promise.withResolvers<void>();

  constructor(parts: WriteForwardingParts) {
    this.#parts = parts;
    this.#forwarded = new ForwardedWrites({ ...parts, isLeading: () => this.#isLeading });
  }

  /** Whether this isolate commits for all. */
  get isLeading(): boolean {
    return this.#isLeading;
  }

  get waiting(): number {
    return this.#waiting.size + this.#parts.journal.waiting;
  }

  /** Tries for the lead at once and then every {@link BEAT_MS}; calls `leads` each time that it gets it. */
  async open(leads: () => void): Promise<void> {
    this.#leads = leads;
    await this.#beat();
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat().catch(this.#parts.failed).finally(() => this.#beating = undefined);
    }, BEAT_MS);
  }

  write(item: JournalItem): void {
    if (this.#isLeading) return this.#parts.journal.write(item);
    if (this.#isClosing) return item.senders.forEach((sender) => sender.failed(item.resend));
    this.#waiting.set(++this.#number, { item, beat: this.#beats });
    this.#numbers.set(item.draft.id, this.#number);
    this.#posting ??= setImmediate(() => this.#forward(this.#posted + 1));
  }

  /** Adds to a commit of this isolate's journal the numbers of the forwarded messages in it. */
  add(commit: Deno.AtomicOperation, items: readonly JournalItem[]): void {
    this.#forwarded.add(commit, items);
  }

  /** This isolate's journal has made a commit: posts it to all. */
  committed(commit: Commit): void {
    const { channel, commitStream } = this.#parts;
    const { versionstamp } = commit;
    const previous = this.#last;
    this.#last = versionstamp;
    commitStream.push(previous, commit);
    const messages = commit.messages.map(({ room, body }) => ({ room, body }));
    channel.post({ type: "commit", previous, versionstamp, messages });
  }

  /** A commit failed, though KV may have made it: what the next one follows isn't known. */
  failed(): void {
    this.#last = UNKNOWN;
  }

  /** Another leader has come before this isolate's journal could commit these messages: forwards its own ones. */
  displaced(items: readonly JournalItem[]): void {
    this.#yield();
    // The isolates that forwarded the others forward them again, to the new leader.
    for (const item of items) {
      const [sender] = item.senders;
      if (sender && !isForwarded(sender)) this.write(item);
    }
  }

  /** Settles those of this isolate's messages that are among these, which the commit stream delivers. */
  passed(fresh: readonly CommittedMessage[]): void {
    if (!this.#numbers.size) return;
    for (const { line } of fresh) {
      const id = idIn(line);
      const number = this.#numbers.get(id);
      if (number !== undefined) {
        this.#settle(number, ({ timestamp }) => ({ id, timestamp, seq: seqIn(line) }));
      }
    }
  }

  /** Acts upon a post of another isolate. */
  receive(post: Post): void {
    const { commitStream, failed } = this.#parts;
    switch (post.type) {
      case "commit":
        // Commits of the leader before this one may arrive late.
        if (post.versionstamp > commitStream.cursor) this.#yield();
        return commitStream.push(post.previous, post);
      case "beat":
        if (post.cursor > commitStream.cursor) commitStream.ring();
        return;
      case "hand":
        if (this.#isLeading && !this.#isClosing) this.#forwarded.take(post).catch(failed);
        return;
      case "answer":
        if (post.to !== this.#id) return;
        return this.#settle(post.number, () => post.accepted);
    }
  }

  /**
   * Waits until the leader has decided the rest, at most until `within` resolves, and gives up the lead. Where the leader
   * has gone, this isolate leads for its own rest.
   */
  async close(within: Promise<unknown>): Promise<void> {
    this.#isClosing = true;
    const { journal, kv, lease } = this.#parts;
    this.#emptied = Promise.withResolvers();
    if (!this.#isLeading && this.#waiting.size) await Promise.race([this.#emptied.promise, within]);
    clearInterval(this.#timer);
    await this.#beating;
    if (this.#posting) clearImmediate(this.#posting);
    await journal.close();
    this.#yield();
    for (const number of [...this.#waiting.keys()]) this.#settle(number, () => undefined);
    if (this.#number) await kv.delete(forwardedKey(this.#id));
    await lease.release();
  }

  /** While it closes, only for messages that nobody else may be left to commit. */
  get #wantsLead(): boolean {
    return !this.#isClosing || this.#waiting.size > 0;
  }

  #yield(): void {
    this.#isLeading = false;
    this.#last = UNKNOWN;
  }

  async #beat(): Promise<void> {
    const { channel, lease, commitStream } = this.#parts;
    this.#beats++;
    if (this.#isLeading && !lease.isHeld) this.#yield();
    // Before the lease, which may be out of reach.
    if (!this.#isLeading) this.#forwardAgain();
    if (!this.#isLeading && this.#wantsLead && await lease.acquire()) await this.#lead();
    if (this.#isLeading) channel.post({ type: "beat", from: this.#id, cursor: commitStream.cursor });
  }

  async #lead(): Promise<void> {
    const { kv, journal, history, commitStream, lease } = this.#parts;
    // Messages from an earlier lead of this isolate: they are committed then, or displaced and forwarded.
    await journal.drain();
    // Nobody else can commit from here on: after this the history has everything that comes before.
    await commitStream.catchUp();
    const committed = (await kv.get<number>(forwardedKey(this.#id))).value ?? 0;
    const unseen = [...this.#waiting].filter(([number]) => number <= committed);
    for (const [number, { item: { draft } }] of unseen) {
      const seq = await history.find(draft.room, draft.id);
      this.#settle(number, ({ id, timestamp }) => seq === undefined ? undefined : { id, timestamp, seq });
    }
    if (!lease.isHeld) return;
    this.#forwarded.clear();
    this.#last = commitStream.cursor;
    this.#isLeading = true;
    for (const [number, { item }] of [...this.#waiting]) {
      this.#forget(number, item);
      journal.write(item);
    }
    this.#leads();
  }

  /** Fails messages that have waited too long; forwards the others again after a whole beat without any decision. */
  #forwardAgain(): void {
    const isHeard = this.#isHeard;
    for (const [number, { beat }] of [...this.#waiting]) {
      if (this.#beats - beat > MAX_WAIT_BEATS) this.#settle(number, () => undefined);
    }
    // The failures above are no decisions of the leader.
    this.#isHeard = false;
    const [oldest] = this.#waiting;
    // By age, and not by which message is the oldest: while none gets through, that changes with each failure.
    if (!isHeard && oldest && this.#beats - oldest[1].beat > 1) this.#forward(oldest[0]);
  }

  /** Posts waiting messages from the number `first` on, in posts of about {@link POST_LENGTH} characters. */
  #forward(first: number): void {
    this.#posting = undefined;
    if (this.#isLeading) return;
    let entries: ForwardPost["entries"] = [];
    let length = 0;
    const post = (): void => {
      const [oldest] = this.#waiting.keys();
      this.#parts.channel.post({ type: "hand", from: this.#id, first, oldest, entries });
      first += entries.length;
      [entries, length] = [[], 0];
    };
    for (const [number, { item: { draft, resend } }] of this.#waiting) {
      if (number < first) continue;
      // Decided messages leave gaps in the numbers, and a post has none.
      if (number !== first + entries.length && entries.length) post();
      if (!entries.length) first = number;
      const { id, room, timestamp, body } = draft;
      entries.push({ draft: { id, room, timestamp, body }, mark: resend });
      length += body.length * (resend ? 2 : 1);
      if (length > POST_LENGTH) post();
    }
    if (entries.length) post();
    this.#posted = this.#number;
  }

  /** Tells the senders of a waiting message its outcome; `undefined`: it failed. */
  #settle(number: number, outcome: (draft: Draft) => Accepted | undefined): void {
    const item = this.#waiting.get(number)?.item;
    if (!item) return;
    this.#isHeard = true;
    this.#forget(number, item);
    const accepted = outcome(item.draft);
    for (const sender of item.senders) {
      if (accepted) sender.accepted(accepted, item.resend);
      else sender.failed(item.resend);
    }
  }

  #forget(number: number, { draft }: JournalItem): void {
    this.#waiting.delete(number);
    this.#numbers.delete(draft.id);
    if (!this.#waiting.size) this.#emptied.resolve();
  }
}
