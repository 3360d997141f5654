/**
 * The doorbell tells the flusher that something is pending.
 *
 * Where KV has queues it is a queue message in the very commit that stores the messages, so that it survives a crash
 * with them. One that isn't answered yet stands for all that is committed meanwhile. Where there are no queues (KV
 * Connect, Deno Deploy) the flusher is rung directly; what a crash forgets there, its sweep finds.
 */
import * as v from "valibot";
import type { Flusher } from "./flusher.ts";

export interface Doorbell {
  /** Called while a commit that adds to the outbox is put together. `batch` is the id of its first message. */
  add(commit: Deno.AtomicOperation, batch: string): void;
  /** Called when such a commit is made. */
  added(): void;
  /** Called when it failed. */
  failed(): void;
  /** Called when the flusher is about to look: what is committed from now on needs another ring. */
  looked(): void;
  /** Rings the flusher for each bell that arrives; resolves when KV is closed. */
  listen(flusher: Pick<Flusher, "ring">): Promise<void>;
}

/** A queue delivers again what takes longer than about a minute to handle (measured); the outbox remembers. */
const HANDLE_AT_MOST_MS = 45_000;

/** The members come first: the log's work shall not slow down the sending of the very message that rings. */
const DELAY_MS = 100;

const Bell = v.object({ kind: v.literal("log"), batch: v.string() });

/** A doorbell through KV's queue. */
export class QueueDoorbell implements Doorbell {
  readonly #kv: Deno.Kv;
  #isRinging = false;
  /** The last batch for which no bell was added, because one was on its way. */
  #silent: string | undefined;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  add(commit: Deno.AtomicOperation, batch: string): void {
    if (this.#isRinging) this.#silent = batch;
    else {
      this.#silent = undefined;
      this.#isRinging = true;
      commit.enqueue({ kind: "log", batch }, { delay: DELAY_MS });
    }
  }

  added(): void {
    // The flusher looked between the two, when this commit could not be seen yet.
    if (this.#silent === undefined || this.#isRinging) return;
    this.#isRinging = true;
    const batch = this.#silent;
    this.#silent = undefined;
    this.#kv.enqueue({ kind: "log", batch }, { delay: DELAY_MS }).catch(() => this.#isRinging = false);
  }

  failed(): void {
    this.#isRinging = false;
  }

  looked(): void {
    this.#isRinging = false;
  }

  listen(flusher: Pick<Flusher, "ring">): Promise<void> {
    return this.#kv.listenQueue(async (message: unknown) => {
      if (!v.is(Bell, message)) return;
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, HANDLE_AT_MOST_MS);
      await Promise.race([flusher.ring(), late.promise]);
      clearTimeout(timer);
    });
  }
}

/** A doorbell without a queue. */
export class DirectDoorbell implements Doorbell {
  #flusher: Pick<Flusher, "ring"> | undefined;

  add(): void {}

  added(): void {
    void this.#flusher?.ring();
  }

  failed(): void {}

  looked(): void {}

  listen(flusher: Pick<Flusher, "ring">): Promise<void> {
    this.#flusher = flusher;
    return Promise.resolve();
  }
}

/** Whether this KV has queues: KV Connect refuses to enqueue. */
export async function hasQueue(kv: Deno.Kv): Promise<boolean> {
  try {
    await kv.enqueue({ kind: "probe" }, { backoffSchedule: [] });
    return true;
  } catch {
    return false;
  }
}
