/** Limits that belong to a person or an address, and not to one connection. */
import { RateLimiter, TokenBucket } from "limiter";

/** Limiters that are kept; whoever wasn't seen for the longest time begins anew. */
const MOST_KEPT = 10_000;

export class RateLimits {
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
    if (key !== undefined) keep(this.#limiters, key, limiter);
    return limiter;
  }
}

/** What an address may do with all who share it, so much at once and so much in a minute. */
export class Budgets {
  /** The most that can be taken at once. */
  readonly burst: number;
  readonly #perMinute: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor({ burst, perMinute }: { burst: number; perMinute: number }) {
    this.burst = burst;
    this.#perMinute = perMinute;
  }

  /** What is left for an address. */
  of(address: string): TokenBucket {
    const bucket = this.#buckets.get(address) ?? this.#full();
    keep(this.#buckets, address, bucket);
    return bucket;
  }

  #full(): TokenBucket {
    const bucket = new TokenBucket({
      bucketSize: this.burst,
      tokensPerInterval: this.#perMinute,
      interval: "minute",
    });
    bucket.content = this.burst;
    return bucket;
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_KEPT) map.delete(oldest);
}
