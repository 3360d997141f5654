/**
 * A lease in KV: at most one process does a kind of work at a time, and another one takes over when it dies.
 *
 * | key | value |
 * | --- | --- |
 * | `["lease", name]` | the holder's id, written every 500 ms while it is held |
 * | `["lease", name, "token"]` | the holder's id; its versionstamp, which changes with the holder, is the fencing token |
 *
 * No clocks are compared: a process that wants the lease watches the first key, and takes over once the key has been
 * unchanged for {@link LEASE_MS}. A holder that was paused for longer may still believe that it holds the lease; so its
 * commits check the token, and fail once there is another holder.
 */
import type { Clock } from "../clock.ts";

/** A lease ends when it wasn't renewed for this time, which is how long the successor of a killed process waits. */
export const LEASE_MS = 2_000;
const RENEW_EVERY_MS = 500;

/** Another process has taken the lease, or may have. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";

  constructor() {
    super("The lease was lost: another process may act now");
  }
}

/** One process's part in a lease of some name. */
export class Lease {
  readonly #kv: Deno.Kv;
  readonly #key: Deno.KvKey;
  readonly #tokenKey: Deno.KvKey;
  readonly #clock: Clock;
  readonly #onLost: (name: string) => void;
  readonly #id = crypto.randomUUID();
  /** The versionstamps of the two keys while this process holds the lease, and the end by {@link Clock.elapsed}. */
  #held: { stamp: string; token: string; until: number } | undefined;
  #loss = new AbortController();
  #renewal: ReturnType<typeof setInterval> | undefined;
  #renewing: Promise<void> | undefined;
  /** The versionstamp of another holder's key, and when this process first saw it, by {@link Clock.elapsed}. */
  #watched: { stamp: string; since: number } | undefined;

  /** `lost` is called with the name when another process has taken the lease, or may have, without a release here. */
  constructor(kv: Deno.Kv, name: string, clock: Clock, lost: (name: string) => void = () => {}) {
    this.#kv = kv;
    this.#key = ["lease", name];
    this.#tokenKey = ["lease", name, "token"];
    this.#clock = clock;
    this.#onLost = lost;
  }

  /** Whether this process may act. */
  get isHeld(): boolean {
    return this.#held !== undefined && this.#clock.elapsed() < this.#held.until;
  }

  /** Aborts when the lease that is held now ends, also by {@link release}. */
  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  /** Takes the lease if it is free, or its holder has stopped renewing it; returns whether this process holds it now. */
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

  /**
   * Adds the check to a commit that makes it fail once there is another holder.
   *
   * @throws {LeaseLostError} when this process doesn't hold the lease.
   */
  guard(commit: Deno.AtomicOperation): Deno.AtomicOperation {
    if (!this.#held) throw new LeaseLostError();
    return commit.check({ key: this.#tokenKey, versionstamp: this.#held.token });
  }

  /** There is another holder: ends the lease here. */
  drop(): void {
    const wasHeld = this.#held !== undefined;
    this.#end();
    if (wasHeld) this.#onLost(String(this.#key[1]));
  }

  /**
   * Demands that this process may act.
   *
   * @throws {LeaseLostError} when it doesn't hold the lease.
   */
  demand(): void {
    if (!this.isHeld) throw new LeaseLostError();
  }

  /** Gives the lease up, so that another process needn't wait for its end. */
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
      // KV could not be reached: the next renewal succeeds, or the time runs out.
    } finally {
      this.#renewing = undefined;
    }
  }
}
