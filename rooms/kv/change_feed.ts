/**
 * What every process has to hear of soon though it isn't a message: who may do what, a room's rules, deletions.
 *
 * | key | value |
 * | --- | --- |
 * | `["change", versionstamp]` | a {@link Change}; deleted after {@link lifeOf} |
 * | `["changes_made"]` | how many changes there ever were (`Deno.KvU64`) |
 *
 * A change is written in the commit that makes it true. Each process reads this one range every second, so that it
 * hears of changes made by others without asking for anything on the way of a message.
 *
 * The count tells a process whether it has missed a change, because that had been deleted before the process came to
 * read it. No clock could: the time of day jumps, and a monotonic clock stands still while a machine is suspended.
 */
import type { Clock } from "../clock.ts";
import { versionstampKey } from "./versionstamp_key.ts";

const PREFIX = ["change"];
const MADE = ["changes_made"];
/** How often a process reads the changes; a revoked session's sockets have to close within 5 s. */
const LOOK_EVERY_MS = 1_000;
/** A process that read them longer ago was paused, or can't reach KV: it reads them before it serves anything. */
const LATE_MS = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What changed: names are folded, see `foldName`. */
export type Change =
  | { readonly type: "account"; readonly id: string }
  | { readonly type: "names"; readonly names: readonly string[] }
  | { readonly type: "rules"; readonly room: string }
  /** Who may be at a document has changed, or it was deleted. */
  | { readonly type: "document"; readonly id: string }
  /** A user's connections to a room are ended. */
  | { readonly type: "removed"; readonly room: string; readonly user: string }
  /** A message was deleted; its text is gone from the archive already. */
  | { readonly type: "deleted"; readonly room: string; readonly id: string }
  /** One person's messages were erased from a room's archive, or from those of all rooms. */
  | { readonly type: "erased"; readonly username: string; readonly room?: string }
  /** Changes were missed: whatever is held in memory has to be read again. */
  | { readonly type: "unknown" };

export class ChangeFeed {
  readonly #kv: Deno.Kv;
  readonly #clock: Pick<Clock, "now" | "elapsed">;
  #last = "";
  /** Changes that were told, or made before {@link open}. */
  #told = 0n;
  /** When the last complete look began, by both clocks of {@link Clock}. */
  #lookedAt: { readonly now: number; readonly elapsed: number };
  #looking: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<(change: Change) => unknown>();

  constructor(kv: Deno.Kv, clock: Pick<Clock, "now" | "elapsed">) {
    this.#kv = kv;
    this.#clock = clock;
    this.#lookedAt = this.#time();
  }

  /** Whether what is held in memory may be out of date by more than is allowed. */
  get isLate(): boolean {
    const { now, elapsed } = this.#lookedAt;
    // While a machine is suspended only the time of day goes on. Where that merely jumped, a look too many is harmless.
    return this.#clock.elapsed() - elapsed > LATE_MS || this.#clock.now() - now > LATE_MS;
  }

  /** Calls `listener` on each change, one after the other, and waits for what it returns. */
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

  /** Makes a change that is nothing else, and tells of it: here at once, and elsewhere within seconds. */
  async make(change: Change): Promise<void> {
    await this.add(this.#kv.atomic(), change).commit();
    await this.look();
  }

  /** Passes over what changed before; needed once, before anything is held in memory. */
  async open(): Promise<void> {
    let made: bigint;
    do {
      made = await this.#made();
      const { value } = await this.#kv.list({ prefix: PREFIX }, { reverse: true, limit: 1 }).next();
      this.#last = value ? String(value.key[1]) : "";
      // A change that came in between is counted on one side only.
    } while (made !== await this.#made());
    this.#told = made;
    this.#lookedAt = this.#time();
  }

  /** Resolves when nothing is read any more. */
  async close(): Promise<void> {
    await this.#looking.catch(() => {});
  }

  /** Tells the listeners of all that has changed by now. */
  look(): Promise<void> {
    // A look that is under way may have passed the change that the caller has in mind.
    return this.#looking = this.#looking.catch(() => {}).then(() => this.#look());
  }

  /** Looks again and again until stopped; `failed` hears of looks that failed. */
  async run(signal: AbortSignal, failed: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      await this.look().catch(failed);
      await pause(LOOK_EVERY_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const began = this.#time();
    // Before the changes: whatever is counted here and isn't found below has been deleted.
    const made = await this.#made();
    const start = [...PREFIX, `${this.#last}\0`];
    const end = [...PREFIX, "g"];
    let found = 0n;
    for await (const entry of this.#kv.list<Change>({ start, end })) {
      await this.#tell(entry.value);
      // Not before: what a listener failed to act upon is told again.
      this.#last = String(entry.key[1]);
      this.#told++;
      found++;
    }
    if (this.#told < made) await this.#tell({ type: "unknown" });
    // Before this version changes were not counted, and a process of the version before doesn't count them today.
    if (this.#told < made || !found) this.#told = made;
    this.#lookedAt = began;
  }

  async #made(): Promise<bigint> {
    return (await this.#kv.get<Deno.KvU64>(MADE)).value?.value ?? 0n;
  }

  #time(): { now: number; elapsed: number } {
    return { now: this.#clock.now(), elapsed: this.#clock.elapsed() };
  }

  async #tell(change: Change): Promise<void> {
    for (const listener of this.#listeners) await listener(change);
  }
}

/**
 * How long a change is kept, in milliseconds: for processes that are suspended, or cut off from KV. That somebody was
 * removed stands nowhere else, so it is kept until no socket can be left that it concerns.
 */
function lifeOf({ type }: Change): number {
  return type === "removed" ? 30 * DAY_MS : DAY_MS;
}

/** Resolves after so long, or at once when aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
