/** A clock for tests. */
import type { Clock } from "../../rooms/clock.ts";

/** Time in which waiting takes no time: whoever waits moves the clock on, and comes back in the next turn. */
export class SwiftClock implements Clock {
  #elapsed = 0;
  #start = Date.parse("2026-03-01T00:00:00Z");

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  /** Lets the time of day jump. */
  jump(ms: number): void {
    this.#start += ms;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#elapsed += ms;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, 0);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }
}

/** In real time: how long a loop may work before it waits again. */
const PATIENCE_MS = 30_000;

/** Time that moves only when a test says so; whoever waits comes back when its time has come. */
export class HandClock implements Clock {
  readonly #start = Date.parse("2026-03-01T00:00:00Z");
  #elapsed = 0;
  readonly #waiting = new Set<{ readonly at: number; readonly end: () => void }>();
  #waited = Promise.withResolvers<void>();

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const one = { at: this.#elapsed + ms, end };
    const waiting = this.#waiting;
    function end(): void {
      waiting.delete(one);
      resolve();
    }
    signal.addEventListener("abort", end, { once: true });
    waiting.add(one);
    this.#waited.resolve();
    await promise;
  }

  /** Lets time pass at once, as on a machine that slept: nobody comes back before {@link pass}. */
  skip(ms: number): void {
    this.#elapsed += ms;
  }

  /** Resolves when the loop that goes by this clock waits. */
  async idle(): Promise<void> {
    while (!this.#waiting.size) {
      this.#waited = Promise.withResolvers();
      await this.#waited.promise;
    }
  }

  /** Lets time pass for the one loop that goes by this clock until it is `over`, and does all that is due meanwhile. */
  async pass(ms: number, over: Promise<void>): Promise<void> {
    const end = this.#elapsed + ms;
    const stuck = Promise.withResolvers<void>();
    const timer = setTimeout(() => stuck.reject(new Error("The loop neither waits nor ends")), PATIENCE_MS);
    let isOver = false;
    void over.then(() => isOver = true);
    try {
      for (;;) {
        await Promise.race([this.idle(), over, stuck.promise]);
        if (isOver) break;
        const [next] = [...this.#waiting].sort((a, b) => a.at - b.at);
        if (!next) continue;
        if (next.at > end) break;
        this.#elapsed = Math.max(this.#elapsed, next.at);
        next.end();
      }
    } finally {
      clearTimeout(timer);
    }
    this.#elapsed = end;
  }
}
