/**
 * KV's queue, whose messages have a `kind`. An isolate has one listener for all kinds, because KV allows no more.
 */
import * as v from "valibot";
import { within } from "../clock.ts";

/** KV delivers a message again when handling takes over a minute (measured); the work itself is stored elsewhere. */
const HANDLE_AT_MOST_MS = 45_000;

const MESSAGE = v.object({ kind: v.string() });

/** A message; fields besides `kind` are for people who read the database. */
export type QueueMessage = { readonly kind: string } & Readonly<Record<string, string>>;

/** Handles a message; the queue waits at most {@link HANDLE_AT_MOST_MS} for it. */
export type QueueHandler = () => Promise<void>;

/** Sends messages, and calls the handler of their kind. */
export class Queue {
  readonly #kv: Deno.Kv;
  readonly #handlers = new Map<string, QueueHandler>();
  #listening: Promise<void> | undefined;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Sets the handler of a kind. Call it before {@link listen}: messages without a handler are dropped. */
  handle(kind: string, handler: QueueHandler): void {
    this.#handlers.set(kind, handler);
  }

  /** Adds a message to a commit, to be handled after `delayMs`. */
  add(commit: Deno.AtomicOperation, message: QueueMessage, delayMs: number): void {
    commit.enqueue(message, { delay: delayMs });
  }

  /** Sends a message, to be handled after `delayMs`. */
  async send(message: QueueMessage, delayMs: number): Promise<void> {
    await this.#kv.enqueue(message, { delay: delayMs });
  }

  /** Handles messages until KV is closed, and resolves then. */
  listen(): Promise<void> {
    return this.#listening ??= this.#kv.listenQueue(async (message: unknown) => {
      if (!v.is(MESSAGE, message)) return;
      const handler = this.#handlers.get(message.kind);
      if (handler) await within(HANDLE_AT_MOST_MS, handler());
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
