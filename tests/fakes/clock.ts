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
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
