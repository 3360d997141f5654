/**
 * The requests of the last minute: Google allows a user 60 reads and 60 writes a minute
 * (https://developers.google.com/workspace/sheets/api/limits), however many processes send them, and however often these are
 * killed and started again.
 *
 * | key | value |
 * | --- | --- |
 * | `["google_request", kind, ms since the epoch, random]` | `true`; expires |
 */
import type { Clock } from "../../rooms/clock.ts";

/** What the quota counts apart. */
export type RequestKind = "read" | "write";

const PREFIX = "google_request";
const MINUTE_MS = 60_000;
/** Two are kept for what happens at the same time: requests of other isolates, and a new tab with its header. */
const PER_MINUTE = 58;

/** Counts requests in KV. */
export class RequestBudget {
  readonly #kv: Deno.Kv;
  readonly #clock: Clock;

  constructor(kv: Deno.Kv, clock: Clock) {
    this.#kv = kv;
    this.#clock = clock;
  }

  /** How many ms the next request has to wait. */
  async waitMs(kind: RequestKind): Promise<number> {
    const now = this.#clock.now();
    // The time of day may jump: what is to come hasn't been.
    const range = { start: [PREFIX, kind, now - MINUTE_MS], end: [PREFIX, kind, now + 1] };
    const sent = await Array.fromAsync(this.#kv.list(range), ({ key }) => Number(key[2]));
    return sent.length < PER_MINUTE ? 0 : sent[sent.length - PER_MINUTE] + MINUTE_MS + 1 - now;
  }

  /** Counts a request that is about to be sent. A read waits for its turn; a write is in the middle of something. */
  async spend(kind: RequestKind, signal: AbortSignal): Promise<void> {
    while (kind === "read" && !signal.aborted) {
      const ms = await this.waitMs(kind);
      if (!ms) break;
      await this.#clock.wait(ms, signal);
    }
    signal.throwIfAborted();
    const key = [PREFIX, kind, this.#clock.now(), crypto.randomUUID()];
    await this.#kv.set(key, true, { expireIn: 2 * MINUTE_MS });
  }
}
