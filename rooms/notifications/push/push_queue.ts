/**
 * The pushes that are to be sent, by push service and by when they are due.
 *
 * | key | value |
 * | --- | --- |
 * | `["push_send", account, room, subscription]` | a {@link Send}; a newer one replaces it |
 * | `["push_next", origin, at, account, room, subscription]` | `true`: that push is due at this time, unless it has another `at` by now |
 *
 * What waits for a push service that is down costs nothing until then, and nobody waits behind it.
 */
import type { PushPayload } from "./push_plan.ts";

/** A push that is to be sent. */
export interface Send {
  readonly payload: PushPayload;
  /** The origin of the push service. */
  readonly origin: string;
  /** The `seq` of the message that it is about. */
  readonly upTo: string;
  /** When it was made, and when to try next, in milliseconds since the epoch. */
  readonly madeAt: number;
  readonly at: number;
  readonly tries: number;
}

/** The account, the room that it is about, and the browser. */
export type SendTarget = readonly [account: string, room: string, subscription: string];

/** A push that is due, as it was read. */
export interface DueSend {
  readonly target: SendTarget;
  readonly entry: Deno.KvEntry<Send>;
}

const SEND = "push_send";
const NEXT = "push_next";
/** A push that couldn't be sent for this time is dropped. */
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
    commit.set([SEND, ...target], send, OPTIONS).set([NEXT, send.origin, send.at, ...target], true, OPTIONS);
  }

  /** Adds to a commit that a push is done, or tried again `later`; the commit fails if a newer one has taken its place. */
  settle(commit: Deno.AtomicOperation, { target, entry }: DueSend, later?: Send): void {
    const { origin, at } = entry.value;
    commit.check(entry).delete(entry.key).delete([NEXT, origin, at, ...target]);
    if (later) this.add(commit, target, later);
  }

  /** The origins of the push services for which something is due by a time. */
  async *origins(time: number): AsyncGenerator<string> {
    let start: Deno.KvKey = [NEXT, ""];
    for (;;) {
      const { value: entry } = await this.#kv.list({ start, end: [NEXT, "\u{10ffff}"] }, { limit: 1 }).next();
      if (!entry) return;
      const [, origin, at] = entry.key;
      if (Number(at) <= time) yield String(origin);
      // The next possible origin, which skips all further keys of this one.
      start = [NEXT, `${String(origin)}\0`];
    }
  }

  /** Those of one origin that are due by a time, the longest due first, at most `limit` of them; also how many keys it read. */
  async due(origin: string, time: number, limit: number): Promise<{ sends: DueSend[]; read: number }> {
    const range = { prefix: [NEXT, origin], end: [NEXT, origin, time + 1] };
    const keys = await Array.fromAsync(this.#kv.list(range, { limit, batchSize: limit }), ({ key }) => key);
    const sends: DueSend[] = [];
    for (const key of keys) {
      const [, , at, ...rest] = key;
      const target = rest.map(String) as unknown as SendTarget;
      const entry = await this.#kv.get<Send>([SEND, ...target]);
      if (entry.versionstamp !== null && entry.value.at === at) sends.push({ target, entry });
      // A newer one took its place, which has a key of its own.
      else await this.#kv.delete(key);
    }
    return { sends, read: keys.length };
  }
}

/** Gives origin and second key to pushes that were written before there were any. */
export async function indexPushes(kv: Deno.Kv): Promise<void> {
  const queue = new PushQueue(kv);
  for await (const entry of kv.list<Send>({ prefix: [SEND] })) {
    const [, account, room, id] = entry.key.map(String);
    const { value } = await kv.get<{ endpoint: string }>(["push", account, id]);
    const commit = kv.atomic().check(entry);
    if (value) {
      queue.add(commit, [account, room, id], { ...entry.value, origin: new URL(value.endpoint).origin });
    } else commit.delete(entry.key);
    await commit.commit();
  }
}
