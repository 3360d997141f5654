/**
 * A lease in KV: at most one process works on the log at a time, and one that dies is replaced.
 *
 * | key | value |
 * | --- | --- |
 * | `["lease", name]` | the holder's id, written again and again while it is held |
 * | `["lease", name, "token"]` | the holder's id; its versionstamp, which changes with the holder, fences |
 *
 * No clocks are compared: who wants the lease watches the first key, and takes over once it has stood unchanged for
 * {@link LEASE_MS}. A holder that was paused for longer may still believe that it holds the lease; so its
 * commits check the token, and fail once another holder has come.
 */

import type { Clock } from "../clock.ts";

/** How long a lease lasts that isn't renewed: what a killed process delays its successor, in milliseconds. */
export const LEASE_MS = 2_000;
const RENEW_EVERY_MS = 500;

/** Another process has taken the lease, or may have. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";

  constructor() {
    super("The lease was lost: another process may act now");
  }
}

export class Lease {
  readonly #kv: Deno.Kv;
  readonly #key: Deno.KvKey;
  readonly #tokenKey: Deno.KvKey;
  readonly #clock: Clock;
  readonly #lostTo: (name: string) => void;
  readonly #id = crypto.randomUUID();
  /** The versionstamps of our two keys, while we hold the lease. */
  #held: { stamp: string; token: string; until: number } | undefined;
  #loss = new AbortController();
  #renewal: ReturnType<typeof setInterval> | undefined;
  #renewing: Promise<void> | undefined;
  /** What another holder last wrote, and since when it stands, as far as we have seen. */
  #watched: { stamp: string; since: number } | undefined;

  /** `lost` is called when another process has taken the lease, or may have, and this one didn't give it up. */
  constructor(kv: Deno.Kv, name: string, clock: Clock, lost: (name: string) => void = () => {}) {
    this.#kv = kv;
    this.#key = ["lease", name];
    this.#tokenKey = ["lease", name, "token"];
    this.#clock = clock;
    this.#lostTo = lost;
  }

  /** Whether this process may act. */
  get isHeld(): boolean {
    return this.#held !== undefined && this.#clock.elapsed() < this.#held.until;
  }

  /** Aborts when the lease that is held now ends, for whatever reason. */
  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  /** Takes the lease if it is free or ours, or its holder has gone silent; answers whether it is held now. */
  async acquire(): Promise<boolean> {
    if (this.isHeld) return true;
    this.drop();
    const entry = await this.#kv.get<string>(this.#key);
    if (entry.value !== null && entry.value !== this.#id && !this.#isSilent(entry.versionstamp)) return false;
    const until = this.#clock.elapsed() + LEASE_MS;
    const result = await this.#kv.atomic()
      .check(entry)
      .set(this.#key, this.#id)
      .set(this.#tokenKey, this.#id)
      .commit();
    if (!result.ok) return false;
    this.#held = { stamp: result.versionstamp, token: result.versionstamp, until };
    this.#watched = undefined;
    this.#loss = new AbortController();
    this.#renewal = setInterval(() => this.#renewing ??= this.#renew(), RENEW_EVERY_MS);
    return true;
  }

  /** Adds to a commit that it be refused when another holder has come. Throws {@link LeaseLostError}. */
  guard(commit: Deno.AtomicOperation): Deno.AtomicOperation {
    if (!this.#held) throw new LeaseLostError();
    return commit.check({ key: this.#tokenKey, versionstamp: this.#held.token });
  }

  /** Another holder has come. */
  drop(): void {
    const wasHeld = this.#held !== undefined;
    this.#end();
    if (wasHeld) this.#lostTo(String(this.#key[1]));
  }

  /** Throws {@link LeaseLostError} when this process may not act any more. */
  demand(): void {
    if (!this.isHeld) throw new LeaseLostError();
  }

  /** Gives the lease up, so that another process need not wait for its end. */
  async release(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#renewing;
    if (!this.#held) return;
    const { stamp } = this.#held;
    this.#end();
    await this.#kv.atomic().check({ key: this.#key, versionstamp: stamp }).delete(this.#key).commit();
  }

  #end(): void {
    clearInterval(this.#renewal);
    this.#held = undefined;
    this.#loss.abort();
  }

  #isSilent(stamp: string): boolean {
    const now = this.#clock.elapsed();
    if (this.#watched?.stamp !== stamp) this.#watched = { stamp, since: now };
    return now - this.#watched.since >= LEASE_MS;
  }

  async #renew(): Promise<void> {
    try {
      const { stamp, token } = this.#held ?? {};
      if (!stamp || !token) return;
      const until = this.#clock.elapsed() + LEASE_MS;
      const commit = this.#kv.atomic().check({ key: this.#key, versionstamp: stamp }).set(
        this.#key,
        this.#id,
      );
      const result = await commit.commit();
      if (result.ok) this.#held = { stamp: result.versionstamp, token, until };
      else this.drop();
    } catch {
      // Not known to be lost: the next renewal tells, or its time runs out.
    } finally {
      this.#renewing = undefined;
    }
  }
}
