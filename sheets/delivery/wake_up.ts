/**
 * The doorbell tells the flusher that something is pending.
 *
 * Where KV has queues it is a queue message in the very commit that stores the messages, so that it survives a crash
 * with them. One that isn't answered yet stands for all that is committed meanwhile. Where there are no queues (KV
 * Connect, Deno Deploy) the flusher is rung directly; what a crash forgets there, its sweep finds.
 */
import type { Queue } from "../../rooms/kv/queue.ts";
import type { JournalItem } from "../../rooms/messages/journal.ts";
import type { CommitHook } from "../../rooms/messages/message_log.ts";
import type { Flusher } from "./flusher.ts";

/** Wakes the flusher when something is pending. */
export interface WakeUp extends CommitHook {
  /** Called when the flusher is about to look: what is committed from now on needs another ring. */
  looked(): void;
  /** Rings the flusher for each bell that arrives; resolves when KV is closed. */
  listen(flusher: Pick<Flusher, "ring">): Promise<void>;
}

/** The members come first: the log's work shall not slow down the sending of the very message that rings. */
const DELAY_MS = 100;

const KIND = "log";

/** A doorbell through KV's queue. */
export class QueueWakeUp implements WakeUp {
  readonly #queue: Queue;
  #isRinging = false;
  /** The last batch for which no bell was added, because one was on its way. */
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
    // The flusher looked between the two, when this commit could not be seen yet.
    if (this.#silent === undefined || this.#isRinging) return;
    this.#isRinging = true;
    const batch = this.#silent;
    this.#silent = undefined;
    this.#queue.send({ kind: KIND, batch }, DELAY_MS).catch(() => this.#isRinging = false);
  }

  failed(): void {
    this.#isRinging = false;
  }

  looked(): void {
    this.#isRinging = false;
  }

  listen(flusher: Pick<Flusher, "ring">): Promise<void> {
    this.#queue.handle(KIND, () => flusher.ring());
    return this.#queue.listen();
  }
}

/** A doorbell without a queue. */
export class DirectWakeUp implements WakeUp {
  #flusher: Pick<Flusher, "ring"> | undefined;

  committed(): void {
    void this.#flusher?.ring();
  }

  looked(): void {}

  listen(flusher: Pick<Flusher, "ring">): Promise<void> {
    this.#flusher = flusher;
    return Promise.resolve();
  }
}
