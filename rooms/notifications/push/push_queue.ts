/**
 * The pushes that are to be sent, by when they are due.
 *
 * | key | value |
 * | --- | --- |
 * | `["push_send", account, room, subscription]` | a {@link Send}; a newer one takes its place |
 * | `["push_due", at, account, room, subscription]` | `true`: that one is due at this time, unless it has another `at` by now |
 *
 * What is due is found by its time, so what waits for a push service that is down costs nothing until then.
 */
import type { PushPayload } from "./push_plan.ts";

/** A push that is to be sent. */
export interface Send {
  readonly payload: PushPayload;
  /** The `seq` of the message that it is about. */
  readonly upTo: string;
  /** When it was made, and when to try next, in milliseconds since the epoch. */
  readonly madeAt: number;
  readonly at: number;
  readonly tries: number;
}

/** To which browser of whom, about which room. */
export type SendTarget = readonly [account: string, room: string, subscription: string];

/** A push that is due, as it was read. */
export interface DueSend {
  readonly target: SendTarget;
  readonly entry: Deno.KvEntry<Send>;
}

const SEND = "push_send";
const DUE = "push_due";
/** What can't be sent for this time is of no use any more. */
export const LIFE_MS = 24 * 60 * 60_000;
const OPTIONS = { expireIn: LIFE_MS };

/** Stores pushes until they are sent. */
export class PushQueue {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Adds a push to a commit, in place of an earlier one to the same target. */
  add(commit: Deno.AtomicOperation, target: SendTarget, send: Send): void {
    commit.set([SEND, ...target], send, OPTIONS).set([DUE, send.at, ...target], true, OPTIONS);
  }

  /** Adds to a commit that a push is done, or tried again `later`; the commit fails if a newer one has taken its place. */
  settle(commit: Deno.AtomicOperation, { target, entry }: DueSend, later?: Send): void {
    commit.check(entry).delete(entry.key).delete([DUE, entry.value.at, ...target]);
    if (later) this.add(commit, target, later);
  }

  /** Whether anything is due by a time. */
  async isDue(time: number): Promise<boolean> {
    for await (const _ of this.#kv.list(until(time), { limit: 1 })) return true;
    return false;
  }

  /** Those that are due by a time, the longest due first, at most `limit` of them; answers also how many keys it read. */
  async due(time: number, limit: number): Promise<{ sends: DueSend[]; read: number }> {
    const keys = await Array.fromAsync(
      this.#kv.list(until(time), { limit, batchSize: limit }),
      ({ key }) => key,
    );
    const sends: DueSend[] = [];
    for (const key of keys) {
      const [, at, ...rest] = key;
      const target = rest.map(String) as unknown as SendTarget;
      const entry = await this.#kv.get<Send>([SEND, ...target]);
      if (entry.versionstamp !== null && entry.value.at === at) sends.push({ target, entry });
      // A newer one took its place, which has a key of its own.
      else await this.#kv.delete(key);
    }
    return { sends, read: keys.length };
  }
}

/** Gives the second key to pushes that were written before there was one. */
export async function indexPushes(kv: Deno.Kv): Promise<void> {
  for await (const { key, value } of kv.list<Send>({ prefix: [SEND] })) {
    await kv.set([DUE, value.at, ...key.slice(1)], true, OPTIONS);
  }
}

function until(time: number): Deno.KvListSelector {
  return { prefix: [DUE], end: [DUE, time + 1] };
}
