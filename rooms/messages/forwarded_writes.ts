/**
 * The leader's side of write forwarding: takes other isolates' messages, each once, and answers for each.
 *
 * | key | value |
 * | --- | --- |
 * | `["handed", id]` | the number of the last message of isolate `id` that another one has committed |
 */
import { type Channel, type Post } from "../cluster/channel.ts";
import type { History } from "./history.ts";
import type { Journal, JournalItem, Sender } from "./journal.ts";
import type { Accepted } from "./resend_key.ts";
import { draftOf, type StoredDraft } from "./draft.ts";

/** The post with which an isolate forwards messages. */
export type ForwardPost = Post & { type: "hand" };
type Answer = Post & { type: "answer" };

/** What the leader knows of an isolate that forwards messages. */
interface Forwarder {
  /** The number that is taken next. */
  next: number;
  /** Numbers that were taken and have no answer yet. */
  readonly undecided: Set<number>;
  /** Answers to forwarded messages, kept in case the isolate forwards them again. */
  readonly answers: Map<number, Answer>;
}

interface ForwardedWritesParts {
  readonly kv: Deno.Kv;
  readonly channel: Channel;
  readonly journal: Journal;
  readonly history: History;
  /** Whether this isolate may take messages now. */
  readonly isLeading: () => boolean;
  readonly failed: (error: unknown) => void;
}

const HANDED = "handed";

/** The key of the number of an isolate's last message that was committed for it. */
export function forwardedKey(isolate: string): Deno.KvKey {
  return [HANDED, isolate];
}

/** Messages that other isolates forwarded to this one. */
export class ForwardedWrites {
  readonly #parts: ForwardedWritesParts;
  /** By the isolate's id. */
  readonly #forwarders = new Map<string, Promise<Forwarder>>();

  constructor(parts: ForwardedWritesParts) {
    this.#parts = parts;
  }

  /** Forgets everything: another leader has committed meanwhile. */
  clear(): void {
    this.#forwarders.clear();
  }

  /** Adds to a commit the numbers of the forwarded messages in it. */
  add(commit: Deno.AtomicOperation, items: readonly JournalItem[]): void {
    const last = new Map<string, number>();
    for (const { senders: [sender] } of items) {
      if (isForwarded(sender)) last.set(sender.from, sender.number);
    }
    for (const [from, number] of last) commit.set(forwardedKey(from), number);
  }

  /** Takes the messages of a post that come next in their isolate's order, and answers again for earlier ones. */
  async take({ from, first, oldest, entries }: ForwardPost): Promise<void> {
    const forwarder = await this.#forwarder(from);
    if (!this.#parts.isLeading()) return;
    // Numbers below `oldest` have their answer, from this leader or another; further ones may be missing likewise.
    forwarder.next = Math.max(forwarder.next, oldest);
    for (const number of forwarder.answers.keys()) if (number < oldest) forwarder.answers.delete(number);
    for (const [i, { draft, mark: resend }] of entries.entries()) {
      const number = first + i;
      if (number < forwarder.next) this.#answerAgain(forwarder, from, number, draft);
      if (number !== forwarder.next) continue;
      forwarder.next++;
      forwarder.undecided.add(number);
      const sender = new ForwardedSender(from, number, (accepted) => {
        this.#decide(forwarder, { type: "answer", to: from, number, accepted });
        // A commit with this id needs no answer: the isolate sees it.
        if (accepted?.seq === undefined || accepted.id !== draft.id) {
          this.#answerAgain(forwarder, from, number, draft);
        }
      });
      this.#parts.journal.write({ draft: draftOf(draft), resend, senders: [sender] });
    }
  }

  #decide(forwarder: Forwarder, answer: Answer): void {
    forwarder.undecided.delete(answer.number);
    forwarder.answers.set(answer.number, answer);
  }

  /** Answers for a message that was taken before, by this leader or an earlier one. */
  #answerAgain(
    forwarder: Forwarder,
    from: string,
    number: number,
    { room, id, timestamp }: StoredDraft,
  ): void {
    const { channel, history, failed } = this.#parts;
    const answer = forwarder.answers.get(number);
    if (answer) return channel.post(answer);
    if (forwarder.undecided.has(number)) return;
    forwarder.undecided.add(number);
    history.find(room, id).then((seq) => {
      const accepted = seq === undefined ? undefined : { id, timestamp, seq };
      const answer: Answer = { type: "answer", to: from, number, accepted };
      this.#decide(forwarder, answer);
      channel.post(answer);
    }).catch((error) => {
      forwarder.undecided.delete(number);
      failed(error);
    });
  }

  #forwarder(from: string): Promise<Forwarder> {
    let forwarder = this.#forwarders.get(from);
    if (!forwarder) {
      forwarder = this.#parts.kv.get<number>(forwardedKey(from)).then(({ value }) => ({
        next: (value ?? 0) + 1,
        undecided: new Set(),
        answers: new Map(),
      }));
      forwarder.catch(() => this.#forwarders.delete(from));
      this.#forwarders.set(from, forwarder);
    }
    return forwarder;
  }
}

/** The isolate that forwarded a message, as its sender. */
class ForwardedSender implements Sender {
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

/** Whether a message was forwarded by another isolate. */
export function isForwarded(sender: Sender | undefined): sender is ForwardedSender {
  return sender instanceof ForwardedSender;
}
