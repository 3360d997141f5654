/**
 * Sends pushes, in one process at a time.
 *
 * | key | value |
 * | --- | --- |
 * | `["pushed", account, room]` | the `seq` up to which an account was told of a room |
 *
 * A push is written in the commit that moves `pushed`, so none is made twice, and deleted once the push service has accepted
 * it. If the process dies in between, the push is sent again, and its topic and id make it one notification.
 */
import type { Clock } from "../../clock.ts";
import { Lease } from "../../kv/lease.ts";
import { LeasedWorker } from "../../kv/leased_worker.ts";
import type { PushOutbox } from "./push_outbox.ts";
import { type DuePush, PushPlan, type PushPlanParts } from "./push_plan.ts";
import { type DueSend, LIFE_MS, PushQueue, type Send } from "./push_queue.ts";
import type { PushOutcome, PushSender } from "./push_sender.ts";
import { ServicePauses } from "./service_pauses.ts";
import type { PushSubscriptions, StoredSubscription } from "./push_subscriptions.ts";

/** What a {@link PushWorker} works with. */
export interface PushWorkerParts extends PushPlanParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly random: () => number;
  readonly outbox: PushOutbox;
  readonly subscriptions: PushSubscriptions;
  readonly sender: Pick<PushSender, "send">;
  /** Whether the session of a subscription lasts. */
  readonly isSignedIn: (subscription: StoredSubscription) => Promise<boolean>;
  /** Delay of a push after its message, in milliseconds: people who read the message at once need none. */
  readonly pushAfterMs: number;
  readonly failed: (error: unknown) => void;
}

/** A push for an account, to all of its browsers. */
interface Planned {
  readonly account: string;
  readonly due: DuePush;
  readonly subscriptions: readonly StoredSubscription[];
}

const POLL_EVERY_MS = 1_000;
const LEASE_POLL_MS = 1_000;
const PAUSE_AFTER_ERROR_MS = 5_000;
const JOBS_AT_ONCE = 500;
/** Accounts whose pushes are planned before these are sent. A commit takes 1,000 mutations; an account has 20 browsers at most. */
const PLANNED_AT_ONCE = 10;
const SENDS_AT_ONCE = 200;
/** Requests under way: each takes 2 ms of the processor, for which a message would wait. */
const PARALLEL = 8;
const MAX_BACKOFF_MS = 5 * 60_000;
const PUSHED = "pushed";

/** Makes pushes of the outbox's jobs, and sends them. */
export class PushWorker {
  readonly #parts: PushWorkerParts;
  readonly #queue: PushQueue;
  readonly #pauses = new ServicePauses();
  readonly #lease: Lease;
  readonly #worker: LeasedWorker;

  constructor(parts: PushWorkerParts) {
    this.#parts = parts;
    this.#queue = new PushQueue(parts.kv);
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
    const { outbox, subscriptions, now, pushAfterMs } = this.#parts;
    outbox.isUsed ||= await subscriptions.isUsed();
    if (!outbox.isUsed) return false;
    if ((await outbox.before(now() - pushAfterMs, 1)).length) return true;
    for await (const _ of this.#origins()) return true;
    return false;
  }

  /** The push services to which something is to be sent now. */
  async *#origins(): AsyncGenerator<string> {
    const now = this.#parts.now();
    for await (const origin of this.#queue.origins(now)) {
      if (!this.#pauses.isPaused(origin, now)) yield origin;
    }
  }

  async #work(stop: AbortSignal): Promise<number> {
    const { outbox, kv, now, pushAfterMs } = this.#parts;
    const jobs = await outbox.before(now() - pushAfterMs, JOBS_AT_ONCE);
    for (const room of new Set(jobs.flatMap(({ value }) => value.rooms))) await this.#pushAbout(room, stop);
    const isMore = await this.#sendDue(stop);
    if (stop.aborted) return 0;
    let commit = kv.atomic();
    for (const { key } of jobs) commit = commit.delete(key);
    if (jobs.length) await this.#commit(commit);
    return jobs.length === JOBS_AT_ONCE || isMore ? 0 : Infinity;
  }

  /** Writes down what is to be sent about a room, and sends it, a few accounts at a time: a room may have thousands. */
  async #pushAbout(room: string, stop: AbortSignal): Promise<void> {
    const plan = await PushPlan.of(this.#parts, room);
    let accounts: string[] = [];
    const push = async (): Promise<void> => {
      const planned = await Promise.all(accounts.map((account) => this.#plan(plan, account, room)));
      accounts = [];
      const due = planned.filter((one) => one !== undefined);
      if (!due.length) return;
      await this.#writeDown(room, due);
      await this.#sendDue(stop);
    };
    for await (const account of this.#parts.subscriptions.accountsOf(room)) {
      if (stop.aborted) return;
      accounts.push(account);
      if (accounts.length === PLANNED_AT_ONCE) await push();
    }
    await push();
  }

  async #plan(plan: PushPlan, account: string, room: string): Promise<Planned | undefined> {
    const { kv, subscriptions } = this.#parts;
    const pushed = await kv.get<string>([PUSHED, account, room]);
    const due = await plan.for(account, pushed.value ?? "");
    if (!due) return undefined;
    const all = await subscriptions.of(account);
    if (!all.length) await subscriptions.leave(account, room);
    return { account, due, subscriptions: all };
  }

  async #writeDown(room: string, planned: readonly Planned[]): Promise<void> {
    const at = this.#parts.now();
    const commit = this.#parts.kv.atomic();
    for (const { account, due: { payload, upTo }, subscriptions } of planned) {
      commit.set([PUSHED, account, room], upTo, { expireIn: 30 * LIFE_MS });
      for (const { id, endpoint } of subscriptions) {
        const { origin } = new URL(endpoint);
        this.#queue.add(commit, [account, room, id], { payload, origin, upTo, madeAt: at, at, tries: 0 });
      }
    }
    await this.#commit(commit);
  }

  /** Sends what is due; answers whether there may be more. */
  async #sendDue(stop: AbortSignal): Promise<boolean> {
    let isMore = false;
    for await (const origin of this.#origins()) if (await this.#sendTo(origin, stop)) isMore = true;
    return isMore;
  }

  async #sendTo(origin: string, stop: AbortSignal): Promise<boolean> {
    const { now } = this.#parts;
    const { sends, read } = await this.#queue.due(origin, now(), SENDS_AT_ONCE);
    const isOver = (): boolean => stop.aborted || this.#pauses.isPaused(origin, now());
    const next = async (): Promise<void> => {
      for (let due = sends.shift(); due && !isOver(); due = sends.shift()) await this.#send(due);
    };
    // After an error nothing may still be on its way: the next pass would send it once more.
    const ends = await Promise.allSettled(Array.from({ length: PARALLEL }, next));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return read === SENDS_AT_ONCE && !isOver();
  }

  async #send(due: DueSend): Promise<void> {
    const { subscriptions, sender, marks, isSignedIn, failed } = this.#parts;
    const { target: [account, room, id], entry: { value: send } } = due;
    const subscription = await subscriptions.find(account, id);
    // A browser that was signed out must not show anything.
    const isEnded = !subscription || !await isSignedIn(subscription);
    if (isEnded) await subscriptions.remove(account, id);
    const mark = await marks.find(account, room);
    const isRead = mark !== undefined && mark.seq >= send.upTo;
    if (isEnded || isRead) return await this.#settle(due);
    this.#lease.demand();
    const outcome = await sender.send(subscription, room, JSON.stringify(send.payload)).catch(
      (error): PushOutcome => {
        // One that can't be made, whatever the reason, must not hold up all others.
        failed(error);
        return { type: "refused", status: 0 };
      },
    );
    if (outcome.type === "retry") this.#pauses.failed(send.origin, this.#parts.now());
    else this.#pauses.succeeded(send.origin);
    if (outcome.type === "gone") await subscriptions.remove(account, id);
    await this.#settle(due, this.#later(send, outcome));
  }

  /** The push to try again after an answer; `undefined` when it is done. */
  #later(send: Send, outcome: PushOutcome): Send | undefined {
    const { now, random } = this.#parts;
    // Without the message the push is small enough; a second refusal is final.
    if (outcome.type === "too_large" && send.payload.body) {
      return { ...send, payload: { ...send.payload, body: "" } };
    }
    if (outcome.type !== "retry" || now() - send.madeAt > LIFE_MS) return undefined;
    // Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    const backoffMs = Math.min(MAX_BACKOFF_MS, 1_000 * 2 ** send.tries) * random();
    const afterMs = Math.min(outcome.afterMs ?? 0, LIFE_MS);
    return { ...send, tries: send.tries + 1, at: Math.ceil(now() + Math.max(afterMs, backoffMs)) };
  }

  /** Deletes what was sent, or writes when to try again; unless a newer push has taken its place. */
  async #settle(due: DueSend, later?: Send): Promise<void> {
    const commit = this.#lease.guard(this.#parts.kv.atomic());
    this.#queue.settle(commit, due, later);
    await commit.commit();
  }

  /** @throws {LeaseLostError} when another process works meanwhile. */
  async #commit(commit: Deno.AtomicOperation): Promise<void> {
    if (!(await this.#lease.guard(commit).commit()).ok) this.#lease.demand();
  }
}
