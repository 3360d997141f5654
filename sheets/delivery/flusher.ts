/**
 * The flusher: the one loop that drains the outbox into the sheet, when it is rung, and every 30 s.
 *
 * It holds the lease while there is something to do, spaces its appends, waits with growing pauses while the sheet is
 * busy or out of reach, and tries once a minute while somebody has to act. It never gives up.
 */
import type { Outbox } from "../../rooms/messages/outbox.ts";
import type { Clock } from "../../rooms/clock.ts";
import { type Lease, LeaseLostError } from "../../rooms/kv/lease.ts";
import { type LeasedWork, LeasedWorker } from "../../rooms/kv/leased_worker.ts";
import type { Delivery, Settled, Way } from "./delivery.ts";
import { SLICE_ROWS } from "./slices.ts";
import { Pace, type PaceOptions } from "./pace.ts";
import { type Trouble, Troubles } from "./troubles.ts";

/** What the flusher does now, for people. */
export type DeliveryStatus =
  | { readonly state: "idle" | "writing" | "elsewhere" }
  | Trouble;

/** What {@link Flusher} works on. */
export interface FlusherParts {
  readonly outbox: Outbox;
  readonly delivery: Delivery;
  readonly lease: Lease;
  readonly pace: PaceOptions;
  /** How many ms the next append has to wait for the quota that all processes share. */
  readonly quotaMs: () => Promise<number>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called when the flusher is about to poll the outbox: a message committed later needs a new ring. */
  readonly beforePoll: () => void;
  readonly settled: (settled: Settled) => void;
  /** Called when trouble begins, when it changes, and with `undefined` when it is over. */
  readonly troubled: (trouble: Trouble | undefined, cause: unknown) => void;
  /** Called when rows are delivered, but other work (dead letters, duplicates) failed; it is tried again. */
  readonly choresFailed: (cause: unknown) => void;
}

const SWEEP_EVERY_MS = 30_000;
/** Interval at which a process without the lease tries to get it. */
const LEASE_POLL_MS = 250;
/** Pause before failed work on dead letters and duplicates is tried again. */
const CHORES_AGAIN_MS = 60_000;

/** Drains the outbox into the sheet, in one process at a time. */
export class Flusher implements LeasedWork {
  readonly #parts: FlusherParts;
  readonly #pace: Pace;
  readonly #loop: LeasedWorker;
  readonly #troubles: Troubles;
  #state: "idle" | "writing" | "elsewhere" = "idle";
  /** When failed chores may be tried again, by the monotonic clock. */
  #choresFrom = -Infinity;
  #kill: AbortSignal = new AbortController().signal;

  constructor(parts: FlusherParts) {
    this.#parts = parts;
    const { lease, clock, random, troubled } = parts;
    this.#troubles = new Troubles(clock, random, troubled);
    this.#pace = new Pace(parts.pace, clock);
    const intervals = { sweepEveryMs: SWEEP_EVERY_MS, leasePollMs: LEASE_POLL_MS };
    this.#loop = new LeasedWorker({ lease, clock, ...intervals }, this);
  }

  get status(): DeliveryStatus {
    return this.#troubles.first ?? { state: this.#state };
  }

  /** Whether rows wait that can't be written for now. */
  get isStuck(): boolean {
    return this.#troubles.first !== undefined;
  }

  /** Wakes the loop. Resolves when all rows that are pending by now are settled, or the flusher has stopped. */
  ring(): Promise<void> {
    return this.#loop.ring();
  }

  /** Tries again at once, whatever the trouble was. */
  probe(): void {
    this.#choresFrom = -Infinity;
    this.#troubles.probe();
    this.#loop.probe();
  }

  /**
   * Works until `stop` aborts, and ends after the append under way. `kill` aborts that append, whose rows stay pending. Never
   * rejects.
   */
  run(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    this.#kill = kill;
    return this.#loop.run(stop);
  }

  async isDue(): Promise<boolean> {
    const { outbox, beforePoll } = this.#parts;
    beforePoll();
    return await outbox.oldest() !== undefined || await this.#hasChores();
  }

  async work(stop: AbortSignal): Promise<number> {
    await this.#parts.delivery.load();
    this.#troubles.over("");
    await this.#drain(stop, this.#kill);
    return this.isStuck ? this.#troubles.waitMs : Infinity;
  }

  elsewhere(): void {
    this.#troubles.clear();
    this.#state = "elsewhere";
  }

  idle(): void {
    this.#troubles.clear();
    this.#state = "idle";
  }

  /** Notes what is wrong; answers the milliseconds to wait before the next try. */
  failed(error: unknown): number {
    this.#troubles.note("", error);
    return this.#troubles.waitMs;
  }

  async #drain(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    const { outbox, delivery, settled, beforePoll } = this.#parts;
    const pace = async (): Promise<void> => {
      await this.#keepPace(stop);
      stop.throwIfAborted();
      this.#pace.begin();
    };
    const way = { pace, signal: kill };
    this.#state = "writing";
    for (beforePoll(); !stop.aborted && await outbox.oldest(); beforePoll()) {
      // Waits before the slice is taken, so that the slice has all rows that arrived meanwhile.
      await this.#keepPace(stop);
      beforePoll();
      const slice = await delivery.next(this.#troubles.blocked());
      if (!slice) break;
      try {
        settled(await delivery.write(slice, way));
        this.#troubles.over(slice.target.place);
      } catch (error) {
        if (error instanceof LeaseLostError || stop.aborted) throw error;
        // The other sheets go on.
        this.#troubles.note(slice.target.place, error);
      }
    }
    if (!stop.aborted && !this.isStuck && await this.#hasChores()) await this.#tidy(way, stop);
  }

  async #hasChores(): Promise<boolean> {
    const { clock, delivery } = this.#parts;
    return clock.elapsed() >= this.#choresFrom && await delivery.hasChores();
  }

  /** Works on dead letters and duplicates; a failure there delays no messages. */
  async #tidy(way: Way, stop: AbortSignal): Promise<void> {
    const { clock, delivery, settled, choresFailed } = this.#parts;
    try {
      for await (const outcome of delivery.tidy(way)) settled(outcome);
    } catch (error) {
      if (error instanceof LeaseLostError || stop.aborted) throw error;
      this.#choresFrom = clock.elapsed() + CHORES_AGAIN_MS;
      choresFailed(error);
    }
  }

  async #keepPace(stop: AbortSignal): Promise<void> {
    const { clock, outbox, quotaMs } = this.#parts;
    const waitMs = Math.max(this.#pace.waitMs(outbox.depth > SLICE_ROWS), await quotaMs());
    if (waitMs > 0) await clock.wait(waitMs, stop);
  }
}
