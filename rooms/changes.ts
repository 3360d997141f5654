/**
 * What every process has to hear of soon though it isn't a message: who may do what, a room's rules, deletions.
 *
 * | key | value |
 * | --- | --- |
 * | `["change", versionstamp]` | a {@link Change}; gone after ten minutes |
 *
 * A change is written in the commit that makes it true. Each process looks at this one range once in a while, so that
 * it hears of changes made by others without asking for anything on the way of a message.
 */
import { stampedKey } from "./stamped_key.ts";
const PREFIX = ["change"];
/** How often a process looks; a revoked session's sockets have to close within 5 s. */
const LOOK_EVERY_MS = 1_000;
const CHANGE_LIFE_MS = 10 * 60 * 1000;

/** What changed: names are folded, see `foldName`. */
export type Change =
  | { readonly type: "account"; readonly id: string }
  | { readonly type: "names"; readonly names: readonly string[] }
  | { readonly type: "rules"; readonly room: string }
  /** A user's connections to a room are ended. */
  | { readonly type: "removed"; readonly room: string; readonly user: string }
  /** A message was deleted; its text is gone from the archive already. */
  | { readonly type: "deleted"; readonly room: string; readonly id: string }
  /** One person's messages were erased from all rooms. */
  | { readonly type: "erased"; readonly username: string }
  /** So long wasn't looked that changes may have been missed. */
  | { readonly type: "unknown" };

export class Changes {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  #last = "";
  #lookedAt = 0;
  #looking: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<(change: Change) => unknown>();

  constructor(kv: Deno.Kv, now: () => number) {
    this.#kv = kv;
    this.#now = now;
  }

  /** Calls `listener` on each change, one after the other, and waits for what it returns. */
  listen(listener: (change: Change) => unknown): void {
    this.#listeners.add(listener);
  }

  /** Adds a change to the commit that makes it true; a commit holds at most one. */
  add(commit: Deno.AtomicOperation, change: Change): Deno.AtomicOperation {
    return commit.set(stampedKey(this.#kv, ...PREFIX), change, {
      expireIn: CHANGE_LIFE_MS,
    });
  }

  /** Makes a change that is nothing else, and tells of it: here at once, and elsewhere within seconds. */
  async make(change: Change): Promise<void> {
    await this.add(this.#kv.atomic(), change).commit();
    await this.look();
  }

  /** Passes over what changed before; needed once, before anything is held in memory. */
  async open(): Promise<void> {
    const { value } = await this.#kv.list({ prefix: PREFIX }, { reverse: true, limit: 1 }).next();
    this.#last = value ? String(value.key[1]) : "";
    this.#lookedAt = this.#now();
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
    const lookedAt = this.#now();
    const isLate = lookedAt - this.#lookedAt > CHANGE_LIFE_MS / 2;
    const start = [...PREFIX, `${this.#last}\0`];
    const end = [...PREFIX, "g"];
    for await (const entry of this.#kv.list<Change>({ start, end })) {
      if (!isLate) await this.#tell(entry.value);
      // Not before: what a listener failed to heed is told again.
      this.#last = String(entry.key[1]);
    }
    if (isLate) await this.#tell({ type: "unknown" });
    this.#lookedAt = lookedAt;
  }

  async #tell(change: Change): Promise<void> {
    for (const listener of this.#listeners) await listener(change);
  }
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
