/**
 * The feed of changes that every process must apply soon and that are no messages: accounts, permissions, deletions.
 *
 * | key | value |
 * | --- | --- |
 * | `["change", versionstamp]` | a {@link Change}; deleted after {@link lifeOf} |
 * | `["changes_made"]` | the number of changes there ever were (`Deno.KvU64`) |
 *
 * A change is written in the commit that makes it true. Each process polls this one range every second, so that no
 * message has to wait for a read.
 *
 * By the number a process finds out that it has missed changes, because they were deleted before it read them. No clock
 * could: the time of day jumps, and a monotonic clock stops while a machine is suspended.
 */
import { type Clock, wait } from "../clock.ts";
import { keysAfter, newestStamp, versionstampKey } from "./versionstamp_key.ts";

const PREFIX = ["change"];
const MADE = ["changes_made"];
/** A revoked session's sockets have to close within 5 s. */
const POLL_EVERY_MS = 1_000;
/** A process whose last poll is longer ago was paused or can't reach KV: it polls before it serves anything from memory. */
const LATE_MS = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A change. */
export type Change =
  /** An account or its credentials have changed, or ended. */
  | { readonly type: "account"; readonly id: string }
  /** Accounts have taken these names, folded by `foldName`. */
  | { readonly type: "names"; readonly names: readonly string[] }
  /** The permissions of a room have changed. */
  | { readonly type: "rules"; readonly room: string }
  /** The permissions of a document have changed, or it was deleted. */
  | { readonly type: "document"; readonly id: string }
  /** A user was removed from a room: its connections there end. */
  | { readonly type: "removed"; readonly room: string; readonly user: string }
  /** A person, or an address, was banned from a room, see `bans.ts`; `address`: those of the person are to be, too. */
  | { readonly type: "banned"; readonly room: string; readonly id: string; readonly address?: true }
  /** A message waits for approval, or was decided on. */
  | { readonly type: "pending"; readonly room: string; readonly id: string }
  /** The messages under a user name were erased from a room's archive; without a room: from all archives. */
  | { readonly type: "erased"; readonly username: string; readonly room?: string }
  /** Changes were missed: everything in memory that depends on some has to be read again. */
  | { readonly type: "unknown" };

/** Adds changes to commits, and calls listeners for each change of any process, in order. */
export class ChangeFeed {
  readonly #kv: Deno.Kv;
  readonly #clock: Pick<Clock, "now" | "elapsed">;
  #last = "";
  /** The number of changes that listeners have been called for, and of those before {@link open}. */
  #applied = 0n;
  /** When the last complete poll began, by both times of {@link Clock}. */
  #polledAt: { readonly now: number; readonly elapsed: number };
  #polling: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<(change: Change) => unknown>();

  constructor(kv: Deno.Kv, clock: Pick<Clock, "now" | "elapsed">) {
    this.#kv = kv;
    this.#clock = clock;
    this.#polledAt = this.#time();
  }

  /** Whether memory may be out of date by more than {@link LATE_MS}. */
  get isLate(): boolean {
    const { now, elapsed } = this.#polledAt;
    // While a machine is suspended only the time of day goes on. Where that merely jumped, an extra poll is harmless.
    return this.#clock.elapsed() - elapsed > LATE_MS || this.#clock.now() - now > LATE_MS;
  }

  /** Calls `listener` for each change, one after the other, and awaits what it returns. */
  listen(listener: (change: Change) => unknown): void {
    this.#listeners.add(listener);
  }

  /** Adds a change to the commit that makes it true; a commit holds at most one. */
  add(commit: Deno.AtomicOperation, change: Change): Deno.AtomicOperation {
    return commit.set(versionstampKey(this.#kv, ...PREFIX), change, { expireIn: lifeOf(change) }).sum(
      MADE,
      1n,
    );
  }

  /** Makes a change that needs no commit of its own; listeners hear of it here at once, elsewhere within seconds. */
  async make(change: Change): Promise<void> {
    await this.add(this.#kv.atomic(), change).commit();
    await this.poll();
  }

  /** Skips everything that changed before; needed once, before anything is read into memory. */
  async open(): Promise<void> {
    let made: bigint;
    do {
      made = await this.#made();
      this.#last = await newestStamp(this.#kv, PREFIX);
      // A change between the reads is in one of them only.
    } while (made !== await this.#made());
    this.#applied = made;
    this.#polledAt = this.#time();
  }

  /** Resolves when nothing is read any more. */
  async close(): Promise<void> {
    await this.#polling.catch(() => {});
  }

  /** Polls: resolves when listeners were called for every change that is committed by now. */
  poll(): Promise<void> {
    // A poll that is under way may have read too early for the caller's change.
    return this.#polling = this.#polling.catch(() => {}).then(() => this.#poll());
  }

  /** Polls every second until the signal aborts; `failed` is called with the error of each failed poll. */
  async run(signal: AbortSignal, failed: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      await this.poll().catch(failed);
      await wait(POLL_EVERY_MS, signal);
    }
  }

  async #poll(): Promise<void> {
    const began = this.#time();
    // Before the changes: those that are counted here and not found below have been deleted.
    const made = await this.#made();
    let found = 0n;
    for await (const entry of this.#kv.list<Change>(keysAfter(this.#last, ...PREFIX))) {
      await this.#notify(entry.value);
      // Not before: a change for which a listener failed comes again.
      this.#last = String(entry.key[1]);
      this.#applied++;
      found++;
    }
    if (this.#applied < made) await this.#notify({ type: "unknown" });
    // An early version doesn't count its changes, and may run beside this one.
    if (this.#applied < made || !found) this.#applied = made;
    this.#polledAt = began;
  }

  async #made(): Promise<bigint> {
    return (await this.#kv.get<Deno.KvU64>(MADE)).value?.value ?? 0n;
  }

  #time(): { now: number; elapsed: number } {
    return { now: this.#clock.now(), elapsed: this.#clock.elapsed() };
  }

  async #notify(change: Change): Promise<void> {
    for (const listener of this.#listeners) await listener(change);
  }
}

/**
 * The time that a change is stored, in milliseconds, for processes that are suspended or cut off from KV. Removals are stored
 * nowhere else, so they are kept until every socket that was open before has ended.
 */
function lifeOf({ type }: Change): number {
  return type === "removed" ? 30 * DAY_MS : DAY_MS;
}
