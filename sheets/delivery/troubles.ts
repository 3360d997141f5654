/** Sheets to which no rows can be written now: why, and when to try again. */
import type { Clock } from "../../rooms/clock.ts";
import { problemOf, SheetError } from "../sheet.ts";

/** Why no rows can be written to a sheet now. */
export interface Trouble {
  /** `retrying`: expected to pass. `paused`: somebody has to do what `reason` says. */
  readonly state: "retrying" | "paused";
  readonly reason: string;
  /** When it began, ISO 8601. */
  readonly since: string;
  /** Which sentence the reason is, for pages in other languages, and what it names; missing for errors that aren't the sheet's. */
  readonly code?: string | undefined;
  readonly values?: Readonly<Record<string, string>> | undefined;
}

/** One sheet's trouble; times are in ms of the monotonic clock. */
interface Blocked {
  readonly trouble: Trouble;
  readonly attempts: number;
  until: number;
}

/** Interval of tries while somebody has to act. */
const PROBE_EVERY_MS = 60_000;
const BACKOFF_FROM_MS = 1_000;
const BACKOFF_TO_MS = 5 * 60_000;

/** The troubles of this process by the place of their sheet; `""` is for what concerns all sheets, such as the database. */
export class Troubles {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #changed: (trouble: Trouble | undefined, cause: unknown) => void;
  readonly #all = new Map<string, Blocked>();

  /** `changed` is called when the oldest trouble begins, changes, and with `undefined` when all are over. */
  constructor(
    clock: Clock,
    random: () => number,
    changed: (trouble: Trouble | undefined, cause: unknown) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#changed = changed;
  }

  /** The oldest trouble. */
  get first(): Trouble | undefined {
    return this.#all.values().next().value?.trouble;
  }

  /** The places to which nothing is written for now. */
  blocked(): ReadonlySet<string> {
    const now = this.#clock.elapsed();
    return new Set([...this.#all].filter(([, { until }]) => until > now).map(([place]) => place));
  }

  /** Milliseconds until one of them may be tried again. */
  get waitMs(): number {
    const until = Math.min(...[...this.#all.values()].map(({ until }) => until));
    return Math.max(0, until - this.#clock.elapsed());
  }

  /** Notes why a sheet failed. */
  note(place: string, error: unknown): void {
    const before = this.#all.get(place);
    const state = error instanceof SheetError && error.kind === "setup" ? "paused" : "retrying";
    const reason = error instanceof Error ? error.message : String(error);
    const since = before?.trouble.since ?? new Date(this.#clock.now()).toISOString();
    const attempts = before?.attempts ?? 0;
    // Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    const most = Math.min(BACKOFF_TO_MS, BACKOFF_FROM_MS * 2 ** attempts);
    const retryAfterMs = error instanceof SheetError ? error.retryAfterMs : 0;
    const waitMs = state === "paused" ? PROBE_EVERY_MS : Math.max(this.#random() * most, retryAfterMs);
    const blocked = {
      trouble: { state, reason, since, ...problemOf(error) } as const,
      attempts: attempts + (state === "paused" ? 0 : 1),
      until: this.#clock.elapsed() + waitMs,
    };
    this.#update(() => this.#all.set(place, blocked), error);
  }

  /** A sheet works again. */
  over(place: string): void {
    this.#update(() => this.#all.delete(place));
  }

  /** All are over, or another process writes now. */
  clear(): void {
    this.#update(() => this.#all.clear());
  }

  /** Has each of them tried again at once. */
  probe(): void {
    for (const blocked of this.#all.values()) blocked.until = -Infinity;
  }

  #update(change: () => void, cause?: unknown): void {
    const before = this.first;
    change();
    const now = this.first;
    if (now?.reason !== before?.reason || (before && !now)) this.#changed(now, cause);
  }
}
