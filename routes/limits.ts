/** Limits that belong to a person or an address, and not to one connection. */
import { RateLimiter } from "limiter";

/** Limiters that are kept; whoever wasn't seen for the longest time begins anew. */
const MOST_KEPT = 10_000;

export class Limits {
  readonly #times: number;
  readonly #interval: "minute" | "hour";
  readonly #limiters = new Map<string, RateLimiter>();

  /** So many times in an interval each, in one burst or spread. */
  constructor(times: number, interval: "minute" | "hour" = "minute") {
    this.#times = times;
    this.#interval = interval;
  }

  /** The limiter of a person or an address; a new one for each call without a key. */
  of(key: string | undefined): RateLimiter {
    const known = key === undefined ? undefined : this.#limiters.get(key);
    const limiter = known ?? new RateLimiter({ tokensPerInterval: this.#times, interval: this.#interval });
    if (key === undefined) return limiter;
    this.#limiters.delete(key);
    this.#limiters.set(key, limiter);
    const [oldest] = this.#limiters.keys();
    if (this.#limiters.size > MOST_KEPT) this.#limiters.delete(oldest);
    return limiter;
  }
}
