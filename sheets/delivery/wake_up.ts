/**
 * Wakes the flusher when rows are pending.
 *
 * Where KV has queues, the wake-up is a queue message in the very commit that stores the messages, so that it survives a
 * crash with them; until the flusher polls, one queue message stands for all commits. Where there are no queues (KV
 * Connect, Deno Deploy) the flusher is called directly; the sweep finds what a crash forgets there.
 */
import type { Queue } from "../../rooms/kv/queue.ts";
import type { JournalItem } from "../../rooms/messages/journal.ts";
import type { CommitHook } from "../../rooms/messages/message_log.ts";
import type { Flusher } from "./flusher.ts";

/** Wakes the flusher when something is pending. */
export interface WakeUp extends CommitHook {
  /** Called when the flusher is about to poll the outbox: the next commit needs a new wake-up. */
  rearm(): void;
  /** Rings the flusher for each wake-up that arrives; resolves when KV is closed. */
  listen(flusher: Pick<Flusher, "ring">): Promise<void>;
}

/** Delay of a wake-up: the message is sent to the members first, and writing rows doesn't slow that down. */
const DELAY_MS = 100;

const KIND = "log";

/** Wake-ups through KV's queue. */
export class QueueWakeUp implements WakeUp {
  readonly #queue: Queue;
  #isRinging = false;
  /** The last batch for which no wake-up was added, because one was on its way. */
  #silent: string | undefined;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  add(commit: Deno.AtomicOperation, [first]: readonly JournalItem[]): void {
    const batch = first.draft.id;
    if (this.#isRinging) this.#silent = batch;
    else {
      this.#silent = undefined;
      this.#isRinging = true;
      this.#queue.add(commit, { kind: KIND, batch }, DELAY_MS);
    }
  }

  committed(): void {
    // The flusher polled between add() and the commit, and so missed it.
    if (this.#silent === undefined || this.#isRinging) return;
    this.#isRinging = true;
    const batch = this.#silent;
    this.#silent = undefined;
    this.#queue.send({ kind: KIND, batch }, DELAY_MS).catch(() => this.#isRinging = false);
  }

  failed(): void {
    this.#isRinging = false;
  }

  rearm(): void {
    this.#isRinging = false;
  }

  listen(flusher: Pick<Flusher, "ring">): Promise<void> {
    this.#queue.handle(KIND, () => flusher.ring());
    return this.#queue.listen();
  }
}

/** Wake-ups without a queue. */
export class DirectWakeUp implements WakeUp {
  #flusher: Pick<Flusher, "ring"> | undefined;

  committed(): void {
    void this.#flusher?.ring();
  }

  rearm(): void {}

  listen(flusher: Pick<Flusher, "ring">): Promise<void> {
    this.#flusher = flusher;
    return Promise.resolve();
  }
}
