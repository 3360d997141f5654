/** Rate limits by person or address, across connections. */
import { RateLimiter, TokenBucket } from "limiter";

/** Limiters kept in memory; beyond that, the least recently used one is forgotten. */
const MAX_KEPT = 10_000;

/** A rate limit for each key. */
export class RateLimits {
  readonly #times: number;
  readonly #interval: "minute" | "hour";
  readonly #limiters = new Map<string, RateLimiter>();

  /** Each key may act `times` in an interval, in one burst or spread. */
  constructor(times: number, interval: "minute" | "hour" = "minute") {
    this.#times = times;
    this.#interval = interval;
  }

  /** The limiter of a person or an address; without a key, a new one. */
  of(key: string | undefined): RateLimiter {
    const known = key === undefined ? undefined : this.#limiters.get(key);
    const limiter = known ?? new RateLimiter({ tokensPerInterval: this.#times, interval: this.#interval });
    if (key !== undefined) keep(this.#limiters, key, limiter);
    return limiter;
  }
}

/** A token bucket for each address, shared by all people behind it. */
export class Budgets {
  /** The most tokens that can be taken at once. */
  readonly burst: number;
  readonly #perMinute: number;
  readonly #buckets = new Map<string, TokenBucket>();

  /** A bucket has `burst` tokens and gains `perMinute`. */
  constructor({ burst, perMinute }: { burst: number; perMinute: number }) {
    this.burst = burst;
    this.#perMinute = perMinute;
  }

  /** The bucket of an address. */
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
  if (map.size > MAX_KEPT) map.delete(oldest);
}
