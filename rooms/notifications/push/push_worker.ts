/**
 * Sends pushes, in one process at a time.
 *
 * | key | value |
 * | --- | --- |
 * | `["pushed", account, room]` | the `seq` up to which an account was told of a room |
 * | `["push_send", account, room, subscription]` | a {@link Send}; a newer one takes its place |
 *
 * What is to be sent is written in the commit that moves `pushed`, so no push is made twice; and it is deleted once the
 * push service has taken it. Who dies in between sends it again, and its topic and id make it one notification.
 */
import type { Clock } from "../../clock.ts";
import { Lease } from "../../kv/lease.ts";
import { LeasedWorker } from "../../kv/leased_worker.ts";
import type { PushOutbox } from "./push_outbox.ts";
import { type DuePush, planPush, type PushPayload, type PushPlanParts } from "./push_plan.ts";
import type { PushSender } from "./push_sender.ts";
import type { PushSubscriptions, StoredSubscription } from "./push_subscriptions.ts";

interface Send {
  readonly payload: PushPayload;
  readonly upTo: string;
  /** When it was made, and when to try next, in milliseconds since the epoch. */
  readonly madeAt: number;
  readonly at: number;
  readonly tries: number;
}

interface PushWorkerParts extends PushPlanParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly random: () => number;
  readonly outbox: PushOutbox;
  readonly subscriptions: PushSubscriptions;
  readonly sender: Pick<PushSender, "send">;
  /** Whether the session of a subscription lasts. */
  readonly isSignedIn: (subscription: StoredSubscription) => Promise<boolean>;
  /** A push goes out this long after a message: whoever reads it at once needs none. Milliseconds. */
  readonly pushAfterMs: number;
  readonly failed: (error: unknown) => void;
}

const POLL_EVERY_MS = 1_000;
const LEASE_POLL_MS = 1_000;
const PAUSE_AFTER_ERROR_MS = 5_000;
const JOBS_AT_ONCE = 500;
const SENDS_AT_ONCE = 500;
/** Requests under way. */
const PARALLEL = 20;
const MAX_BACKOFF_MS = 5 * 60_000;
/** What can't be sent for this time is of no use any more. */
const LIFE_MS = 24 * 60 * 60_000;
const PUSHED = "pushed";
const SEND = "push_send";

/** Makes pushes of the outbox's jobs, and sends them. */
export class PushWorker {
  readonly #parts: PushWorkerParts;
  readonly #lease: Lease;
  readonly #worker: LeasedWorker;

  constructor(parts: PushWorkerParts) {
    this.#parts = parts;
    this.#lease = new Lease(parts.kv, "push", parts.clock);
    const options = {
      lease: this.#lease,
      clock: parts.clock,
      sweepEveryMs: Math.min(POLL_EVERY_MS, parts.pushAfterMs),
      leasePollMs: LEASE_POLL_MS,
    };
    this.#worker = new LeasedWorker(options, {
      isDue: () => this.#isDue(),
      work: (stop) => this.#work(stop),
      failed(error) {
        parts.failed(error);
        return PAUSE_AFTER_ERROR_MS;
      },
    });
  }

  /** Works until `stop` aborts. */
  run(stop: AbortSignal): Promise<void> {
    return this.#worker.run(stop);
  }

  async #isDue(): Promise<boolean> {
    const { outbox, subscriptions, kv, now, pushAfterMs } = this.#parts;
    outbox.isUsed ||= await subscriptions.isUsed();
    if (!outbox.isUsed) return false;
    if ((await outbox.before(now() - pushAfterMs, 1)).length) return true;
    for await (const { value } of kv.list<Send>({ prefix: [SEND] })) if (value.at <= now()) return true;
    return false;
  }

  async #work(stop: AbortSignal): Promise<number> {
    const { outbox, now, pushAfterMs } = this.#parts;
    const jobs = await outbox.before(now() - pushAfterMs, JOBS_AT_ONCE);
    for (const room of new Set(jobs.flatMap(({ value }) => value.rooms))) await this.#plan(room);
    let commit = this.#parts.kv.atomic();
    for (const { key } of jobs) commit = commit.delete(key);
    if (jobs.length) await this.#commit(commit);
    const sent = await this.#sendAll(stop);
    return jobs.length === JOBS_AT_ONCE || sent === SENDS_AT_ONCE ? 0 : Infinity;
  }

  /** Writes down what is to be sent about a room. */
  async #plan(room: string): Promise<void> {
    const { kv, subscriptions, isSignedIn } = this.#parts;
    for await (const account of subscriptions.accountsOf(room)) {
      const all = await subscriptions.of(account);
      if (!all.length) await subscriptions.leave(account, room);
      const pushed = await kv.get<string>([PUSHED, account, room]);
      const due = all.length ? await planPush(this.#parts, account, room, pushed.value ?? "") : undefined;
      if (!due) continue;
      const commit = kv.atomic().check(pushed).set(pushed.key, due.upTo, { expireIn: 30 * LIFE_MS });
      for (const subscription of all) {
        // Whoever signed out of a browser must not be told there.
        if (!await isSignedIn(subscription)) await subscriptions.remove(account, subscription.id);
        else commit.set([SEND, account, room, subscription.id], this.#sendOf(due), { expireIn: LIFE_MS });
      }
      await this.#commit(commit);
    }
  }

  #sendOf({ payload, upTo }: DuePush): Send {
    const at = this.#parts.now();
    return { payload, upTo, madeAt: at, at, tries: 0 };
  }

  /** Sends what is due; answers how much that was. */
  async #sendAll(stop: AbortSignal): Promise<number> {
    const { kv, now } = this.#parts;
    const due: Deno.KvEntry<Send>[] = [];
    for await (const entry of kv.list<Send>({ prefix: [SEND] })) {
      if (entry.value.at <= now()) due.push(entry);
      if (due.length === SENDS_AT_ONCE) break;
    }
    const count = due.length;
    const next = async (): Promise<void> => {
      for (let entry = due.pop(); entry && !stop.aborted; entry = due.pop()) await this.#send(entry);
    };
    await Promise.all(Array.from({ length: PARALLEL }, next));
    return count;
  }

  async #send(entry: Deno.KvEntry<Send>): Promise<void> {
    const { subscriptions, sender, marks, isSignedIn } = this.#parts;
    const [, account, room, id] = entry.key.map(String);
    const { payload, upTo } = entry.value;
    const subscription = await subscriptions.find(account, id);
    const mark = await marks.find(account, room);
    const isRead = mark !== undefined && mark.seq >= upTo;
    if (!subscription || isRead || !await isSignedIn(subscription)) return await this.#settle(entry);
    this.#lease.demand();
    const outcome = await sender.send(subscription, room, JSON.stringify(payload));
    switch (outcome.type) {
      case "gone":
        await subscriptions.remove(account, id);
        return await this.#settle(entry);
      case "too_large":
        // Without the message it fits; a second refusal is final.
        if (!payload.body) return await this.#settle(entry);
        return await this.#settle(entry, { ...entry.value, payload: { ...payload, body: "" } });
      case "retry":
        return await this.#settle(entry, this.#later(entry.value, outcome.afterMs));
      default:
        return await this.#settle(entry);
    }
  }

  /** The next try, by full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/); `undefined`: none. */
  #later(send: Send, afterMs: number | undefined): Send | undefined {
    const { now, random } = this.#parts;
    if (now() - send.madeAt > LIFE_MS) return undefined;
    const backoffMs = Math.min(MAX_BACKOFF_MS, 1_000 * 2 ** send.tries) * random();
    return { ...send, tries: send.tries + 1, at: now() + Math.max(afterMs ?? 0, backoffMs) };
  }

  /** Deletes what was sent, or writes when to try again; unless a newer push has taken its place. */
  async #settle(entry: Deno.KvEntry<Send>, later?: Send): Promise<void> {
    const commit = this.#lease.guard(this.#parts.kv.atomic()).check(entry);
    await (later ? commit.set(entry.key, later) : commit.delete(entry.key)).commit();
  }

  /** @throws {LeaseLostError} when another process works meanwhile. */
  async #commit(commit: Deno.AtomicOperation): Promise<void> {
    if (!(await this.#lease.guard(commit).commit()).ok) this.#lease.demand();
  }
}
