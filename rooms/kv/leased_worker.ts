/**
 * A loop that works off what is due in KV, in one process at a time.
 *
 * It checks for work when it is rung and otherwise every `sweepEveryMs`, takes the lease only while something is due, and
 * polls for the lease while another process holds it. What is due stands in KV, so a process may die between any two
 * steps, and another one goes on.
 */
import type { Clock } from "../clock.ts";
import { type Lease, LeaseLostError } from "./lease.ts";

/** What a {@link LeasedWorker} does. */
export interface LeasedWork {
  /** Whether anything is due. Asked at the beginning of each pass, without the lease. */
  isDue(): Promise<boolean>;
  /**
   * Does all that is due, under the lease, until `stop` aborts; answers the milliseconds until something is due again, or
   * `Infinity`. It may throw {@link LeaseLostError}.
   */
  work(stop: AbortSignal): Promise<number>;
  /** Whether {@link work} left something that can't be done now: rings stay unanswered, but begin a new pass. */
  readonly isStuck?: boolean;
  /** Called when another process holds the lease. */
  elsewhere?(): void;
  /** Called when nothing is due. */
  idle?(): void;
  /** Takes what {@link isDue} or {@link work} has thrown; answers the milliseconds to wait before the next pass. */
  failed(error: unknown): number;
}

/** The lease and the intervals of a {@link LeasedWorker}. */
export interface LeasedWorkerOptions {
  readonly lease: Lease;
  readonly clock: Clock;
  /** Milliseconds between checks for work whose ring was lost with a process. */
  readonly sweepEveryMs: number;
  /** Milliseconds between tries to get the lease. */
  readonly leasePollMs: number;
}

/** Works off what is due in KV, in one process at a time. */
export class LeasedWorker {
  readonly #options: LeasedWorkerOptions;
  readonly #work: LeasedWork;
  #rings: (() => void)[] = [];
  #endPause: () => void = () => {};
  /** Nothing was due at the end of the last pass. */
  #isIdle = true;
  #isOver = false;
  /** Something was rung since the last pass began. */
  #isRung = false;
  /** {@link probe} was called since the last pass began. */
  #isProbed = false;

  constructor(options: LeasedWorkerOptions, work: LeasedWork) {
    this.#options = options;
    this.#work = work;
  }

  /** Something may be due. While another process works, and after an error, the loop goes by the clock. */
  wake(): void {
    this.#isRung = true;
    if (this.#isIdle || this.#work.isStuck) this.#endPause();
  }

  /** Begins the next pass at once, whatever the loop waits for. */
  probe(): void {
    this.#isProbed = true;
    this.#endPause();
  }

  /** {@link wake}s; resolves when all that is due by now is done, or nobody works here any more. */
  ring(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#rings.push(resolve);
    this.wake();
    return promise;
  }

  /** Works until `stop` aborts, then ends after what is under way. Never rejects. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const rings = this.#rings.length;
      const pauseMs = await this.#pass(stop);
      if (this.#isIdle) this.#answer(rings);
      // What arrived during the pass may have arrived after its read.
      const isDueAgain = this.#isProbed || (this.#isRung && (this.#isIdle || this.#work.isStuck));
      if (!isDueAgain) await this.#pause(pauseMs, stop);
    }
    // What is due stays in KV: nobody has to wait for it here.
    this.#isOver = true;
    this.#answer(this.#rings.length);
    await this.#options.lease.release().catch(() => {});
  }

  /** Does all there is to do; answers the milliseconds until the next pass. */
  async #pass(stop: AbortSignal): Promise<number> {
    const { lease, sweepEveryMs } = this.#options;
    this.#isIdle = false;
    this.#isRung = this.#isProbed = false;
    try {
      let nextMs = Infinity;
      if (await this.#work.isDue()) {
        if (!await lease.acquire()) return this.#leave();
        nextMs = await this.#work.work(stop);
        if (this.#work.isStuck) return nextMs;
        await lease.release();
      }
      this.#isIdle = true;
      this.#work.idle?.();
      return Math.min(sweepEveryMs, nextMs);
    } catch (error) {
      if (error instanceof LeaseLostError) return this.#leave();
      return stop.aborted ? 0 : this.#work.failed(error);
    }
  }

  #leave(): number {
    this.#work.elsewhere?.();
    return this.#options.leasePollMs;
  }

  /** Resolves what the first `count` rings wait for. */
  #answer(count: number): void {
    for (const resolve of this.#rings.splice(0, count)) resolve();
  }

  async #pause(ms: number, stop: AbortSignal): Promise<void> {
    const ending = new AbortController();
    this.#endPause = () => ending.abort();
    await this.#options.clock.wait(ms, AbortSignal.any([stop, ending.signal]));
    this.#endPause = () => {};
  }
}
