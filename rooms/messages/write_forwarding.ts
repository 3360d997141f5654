/**
 * The relay lets one of several isolates or machines commit for all of them, and keeps their one order.
 *
 * One holds the lease and leads. The others hand it their messages, numbered, again and again until they know what
 * became of each; they see it in the commits, which the leader posts to all and which {@link CommitStream} completes from KV
 * where a post was lost. With a message's commit goes its number, so that a new leader knows what was committed, and
 * takes no message twice.
 *
 * | key | value |
 * | --- | --- |
 * | `["handed", id]` | the number of the last message of this isolate that another one has committed |
 */
import { setImmediate } from "node:timers";
import { type Channel, type Post, POST_LENGTH } from "../cluster/channel.ts";
import type { History } from "./history.ts";
import type { Accepted, Journal, JournalItem, Sender, Writer } from "./journal.ts";
import type { Lease } from "../kv/lease.ts";
import { type Draft, idIn, seqIn } from "./message.ts";
import type { Commit, CommitStream, CommittedMessage } from "./commit_stream.ts";

export interface WriteForwardingParts {
  readonly kv: Deno.Kv;
  readonly channel: Channel;
  readonly journal: Journal;
  readonly history: History;
  readonly lease: Lease;
  readonly commitStream: CommitStream;
  readonly failed: (error: unknown) => void;
}

type Hand = Post & { type: "hand" };
type Answer = Post & { type: "answer" };

/** The leader's view of an isolate that hands messages. */
interface Hander {
  /** The number that is taken next. */
  next: number;
  /** Taken, and not decided yet. */
  readonly undecided: Set<number>;
  /** What a message has to be answered that is handed once more. */
  readonly answers: Map<number, Answer>;
}

/** A message of this isolate that the leader is to commit. */
interface Waiting {
  readonly entry: JournalItem;
  /** At which beat it was handed first. */
  readonly beat: number;
}

const HANDED = "handed";
/** How often the leader says that it is there, the others look whether it is, and hand again what has no answer. */
const BEAT_MS = 250;
/** Beats after which a message counts as failed: there is no leader, or none that can reach KV. */
const PATIENT_BEATS = 60;
/** A commit of which isn't known what it follows: everyone then looks into KV. */
const UNKNOWN = "?";

export class WriteForwarding implements Writer {
  readonly #parts: WriteForwardingParts;
  readonly #id = crypto.randomUUID();
  readonly #handed = new Map<number, Waiting>();
  readonly #numbers = new Map<string, number>();
  readonly #handers = new Map<string, Promise<Hander>>();
  #number = 0;
  /** Handed messages up to this number have been posted once. */
  #posted = 0;
  /** Whether a handed message was decided upon since the last beat: then none of those before it was lost. */
  #isHeard = false;
  #beats = 0;
  #posting: ReturnType<typeof setImmediate> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beating: Promise<void> | undefined;
  /** As the leader: the last commit of all. */
  #last = UNKNOWN;
  #leads: () => void = () => {};
  #isLeading = false;
  #isClosing = false;
  #emptied = Promise.withResolvers<void>();

  constructor(parts: WriteForwardingParts) {
    this.#parts = parts;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  get waiting(): number {
    return this.#handed.size + this.#parts.journal.waiting;
  }

  /** Looks for the lead at once, and then again and again; calls `leads` whenever it gets it. */
  async open(leads: () => void): Promise<void> {
    this.#leads = leads;
    await this.#beat();
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat().catch(this.#parts.failed).finally(() => this.#beating = undefined);
    }, BEAT_MS);
  }

  write(entry: JournalItem): void {
    if (this.#isLeading) return this.#parts.journal.write(entry);
    if (this.#isClosing) return entry.senders.forEach((sender) => sender.failed(entry.mark));
    this.#handed.set(++this.#number, { entry, beat: this.#beats });
    this.#numbers.set(entry.draft.id, this.#number);
    this.#posting ??= setImmediate(() => this.#hand(this.#posted + 1));
  }

  /** Adds to a commit which handed messages it brings. */
  add(commit: Deno.AtomicOperation, entries: readonly JournalItem[]): void {
    const last = new Map<string, number>();
    for (const { senders: [sender] } of entries) {
      if (sender instanceof Handed) last.set(sender.from, sender.number);
    }
    for (const [from, number] of last) commit.set([HANDED, from], number);
  }

  /** A commit of this isolate's journal. */
  committed(commit: Commit): void {
    const { channel, commitStream } = this.#parts;
    const { versionstamp } = commit;
    const previous = this.#last;
    this.#last = versionstamp;
    commitStream.push(previous, commit);
    const messages = commit.messages.map(({ room, body }) => ({ room, body }));
    channel.post({ type: "commit", previous, versionstamp, messages });
  }

  /** A commit failed, and may have been made all the same. */
  failed(): void {
    this.#last = UNKNOWN;
  }

  /** Another leader has come before these could be committed. */
  displaced(entries: readonly JournalItem[]): void {
    this.#yield();
    // Who handed the others hands them again, to the new leader.
    for (const entry of entries) {
      const [sender] = entry.senders;
      if (sender && !(sender instanceof Handed)) this.write(entry);
    }
  }

  /** Messages have passed in their order: are some of ours among them? */
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

  receive(post: Post): void {
    switch (post.type) {
      case "commit":
        // What the leader before this one committed may come late.
        if (post.versionstamp > this.#parts.commitStream.cursor) this.#yield();
        return this.#parts.commitStream.push(post.previous, post);
      case "beat":
        if (post.cursor > this.#parts.commitStream.cursor) this.#parts.commitStream.ring();
        return;
      case "hand":
        if (this.#isLeading && !this.#isClosing) this.#take(post).catch(this.#parts.failed);
        return;
      case "answer":
        if (post.to !== this.#id) return;
        return this.#settle(post.number, () => post.accepted);
    }
  }

  /** Hands over what is left, and gives up the lead. */
  async close(within: Promise<unknown>): Promise<void> {
    this.#isClosing = true;
    const { journal, kv, lease } = this.#parts;
    this.#emptied = Promise.withResolvers();
    if (!this.#isLeading && this.#handed.size) await Promise.race([this.#emptied.promise, within]);
    clearInterval(this.#timer);
    await this.#beating;
    if (this.#posting) clearImmediate(this.#posting);
    await journal.close();
    this.#yield();
    for (const number of [...this.#handed.keys()]) this.#settle(number, () => undefined);
    if (this.#number) await kv.delete([HANDED, this.#id]);
    await lease.release();
  }

  #yield(): void {
    this.#isLeading = false;
    this.#last = UNKNOWN;
  }

  async #beat(): Promise<void> {
    const { channel, lease, commitStream } = this.#parts;
    this.#beats++;
    if (this.#isLeading && !lease.isHeld) this.#yield();
    // First, because the lease may be out of reach.
    if (!this.#isLeading) this.#handAgain();
    if (!this.#isLeading && !this.#isClosing && await lease.acquire()) await this.#lead();
    if (this.#isLeading) channel.post({ type: "beat", from: this.#id, cursor: commitStream.cursor });
  }

  async #lead(): Promise<void> {
    const { kv, journal, history, commitStream, lease } = this.#parts;
    // What came when this isolate led before: it is committed now, or handed to be.
    await journal.drain();
    // From here on nobody else can commit: what is there now is all that comes before.
    await commitStream.catchUp();
    const committed = (await kv.get<number>([HANDED, this.#id])).value ?? 0;
    const unseen = [...this.#handed].filter(([number]) => number <= committed);
    for (const [number, { entry: { draft } }] of unseen) {
      const seq = await history.find(draft.room, draft.id);
      this.#settle(number, ({ id, timestamp }) => seq === undefined ? undefined : { id, timestamp, seq });
    }
    if (!lease.isHeld) return;
    this.#handers.clear();
    this.#last = commitStream.cursor;
    this.#isLeading = true;
    for (const [number, { entry }] of [...this.#handed]) {
      this.#forget(number, entry);
      journal.write(entry);
    }
    this.#leads();
  }

  /** Hands again what has waited for a whole beat in which nothing was decided; what has waited for too long has failed. */
  #handAgain(): void {
    const isHeard = this.#isHeard;
    for (const [number, { beat }] of [...this.#handed]) {
      if (this.#beats - beat > PATIENT_BEATS) this.#settle(number, () => undefined);
    }
    // To run out of patience is no answer.
    this.#isHeard = false;
    const [oldest] = this.#handed;
    // The age counts, and not which one is the oldest: while nothing comes through, that changes with each that fails.
    if (!isHeard && oldest && this.#beats - oldest[1].beat > 1) this.#hand(oldest[0]);
  }

  /** Posts the handed messages from this number on. */
  #hand(first: number): void {
    this.#posting = undefined;
    if (this.#isLeading) return;
    let entries: Hand["entries"] = [];
    let length = 0;
    const post = (): void => {
      const [oldest] = this.#handed.keys();
      this.#parts.channel.post({ type: "hand", from: this.#id, first, oldest, entries });
      first += entries.length;
      [entries, length] = [[], 0];
    };
    for (const [number, { entry: { draft, mark } }] of this.#handed) {
      if (number < first) continue;
      // Answered ones leave holes in the numbers.
      if (number !== first + entries.length && entries.length) post();
      if (!entries.length) first = number;
      const { id, room, timestamp, body } = draft;
      entries.push({ draft: { id, room, timestamp, body }, mark });
      length += body.length * (mark ? 2 : 1);
      if (length > POST_LENGTH) post();
    }
    if (entries.length) post();
    this.#posted = this.#number;
  }

  /** As the leader, takes handed messages that come next. */
  async #take({ from, first, oldest, entries }: Hand): Promise<void> {
    const hander = await this.#hander(from);
    if (!this.#isLeading) return;
    // What is below has been answered, whoever did it; numbers between may be missing for the same reason.
    hander.next = Math.max(hander.next, oldest);
    for (const number of hander.answers.keys()) if (number < oldest) hander.answers.delete(number);
    for (const [i, { draft, mark }] of entries.entries()) {
      const number = first + i;
      if (number < hander.next) this.#answerAgain(hander, from, number, draft);
      if (number !== hander.next) continue;
      hander.next++;
      hander.undecided.add(number);
      const sender = new Handed(from, number, (accepted) => {
        this.#decide(hander, { type: "answer", to: from, number, accepted });
        // A commit with this id tells by itself.
        if (accepted?.seq === undefined || accepted.id !== draft.id) {
          this.#answerAgain(hander, from, number, draft);
        }
      });
      this.#parts.journal.write({ draft, mark, senders: [sender] });
    }
  }

  #decide(hander: Hander, answer: Answer): void {
    hander.undecided.delete(answer.number);
    hander.answers.set(answer.number, answer);
  }

  /** Answers a message that was taken before, here or by the leader before. */
  #answerAgain(hander: Hander, from: string, number: number, { room, id, timestamp }: Draft): void {
    const { channel, history, failed } = this.#parts;
    const answer = hander.answers.get(number);
    if (answer) return channel.post(answer);
    if (hander.undecided.has(number)) return;
    hander.undecided.add(number);
    history.find(room, id).then((seq) => {
      const accepted = seq === undefined ? undefined : { id, timestamp, seq };
      const answer: Answer = { type: "answer", to: from, number, accepted };
      this.#decide(hander, answer);
      channel.post(answer);
    }).catch((error) => {
      hander.undecided.delete(number);
      failed(error);
    });
  }

  #hander(from: string): Promise<Hander> {
    let hander = this.#handers.get(from);
    if (!hander) {
      hander = this.#parts.kv.get<number>([HANDED, from]).then(({ value }) => ({
        next: (value ?? 0) + 1,
        undecided: new Set(),
        answers: new Map(),
      }));
      hander.catch(() => this.#handers.delete(from));
      this.#handers.set(from, hander);
    }
    return hander;
  }

  /** Tells the senders of a handed message what became of it. */
  #settle(number: number, outcome: (draft: Draft) => Accepted | undefined): void {
    const entry = this.#handed.get(number)?.entry;
    if (!entry) return;
    this.#isHeard = true;
    this.#forget(number, entry);
    const accepted = outcome(entry.draft);
    for (const sender of entry.senders) {
      if (accepted) sender.accepted(accepted, entry.mark);
      else sender.failed(entry.mark);
    }
  }

  #forget(number: number, { draft }: JournalItem): void {
    this.#handed.delete(number);
    this.#numbers.delete(draft.id);
    if (!this.#handed.size) this.#emptied.resolve();
  }
}

/** Whoever handed a message, as its sender. */
class Handed implements Sender {
  readonly from: string;
  readonly number: number;
  readonly #decided: (accepted: Accepted | undefined) => void;

  constructor(from: string, number: number, decided: (accepted: Accepted | undefined) => void) {
    this.from = from;
    this.number = number;
    this.#decided = decided;
  }

  accepted(accepted: Accepted): void {
    this.#decided(accepted);
  }

  failed(): void {
    this.#decided(undefined);
  }
}
