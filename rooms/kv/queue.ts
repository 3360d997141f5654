/**
 * KV's queue, whose messages are told apart by their `kind`. An isolate has one listener for all of them, because KV
 * gives it no more.
 */
import * as v from "valibot";

/** A queue delivers again what takes longer than about a minute to handle (measured); KV remembers what is to do. */
const HANDLE_AT_MOST_MS = 45_000;

const MESSAGE = v.object({ kind: v.string() });

/** A message; what it brings besides its kind is for people who look into the database. */
export type QueueMessage = { readonly kind: string } & Readonly<Record<string, string>>;

/** What is done about a message; the queue waits for it, but not for ever. */
export type QueueHandler = () => Promise<void>;

export class Queue {
  readonly #kv: Deno.Kv;
  readonly #handlers = new Map<string, QueueHandler>();
  #listening: Promise<void> | undefined;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Has messages of a kind handled; before {@link listen}, so that none of them comes too early. */
  handle(kind: string, handler: QueueHandler): void {
    this.#handlers.set(kind, handler);
  }

  /** Puts a message into a commit, to be handled after so many milliseconds. */
  add(commit: Deno.AtomicOperation, message: QueueMessage, delayMs: number): void {
    commit.enqueue(message, { delay: delayMs });
  }

  async send(message: QueueMessage, delayMs: number): Promise<void> {
    await this.#kv.enqueue(message, { delay: delayMs });
  }

  /** Handles messages; resolves when KV is closed. */
  listen(): Promise<void> {
    return this.#listening ??= this.#kv.listenQueue(async (message: unknown) => {
      if (!v.is(MESSAGE, message)) return;
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, HANDLE_AT_MOST_MS);
      try {
        await Promise.race([this.#handlers.get(message.kind)?.(), late.promise]);
      } finally {
        clearTimeout(timer);
      }
    });
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
