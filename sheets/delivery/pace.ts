/** The pace of appends: at once when idle, in quick succession while many rows wait, never above the quota. */
import type { Clock } from "../../rooms/clock.ts";

/** How fast a sheet takes appends. */
export interface PaceOptions {
  /** Appends that may begin within any minute; `Infinity` = no limit. */
  readonly perMinute: number;
  /** The least time between two appends, in ms: each takes all rows that came meanwhile. */
  readonly spacingMs: number;
  /** The least time between two appends while more rows wait than one append takes, in ms. */
  readonly rushSpacingMs: number;
}

/**
 * Google allows a user 60 writes a minute (https://developers.google.com/workspace/sheets/api/limits); two are kept for
 * making the tab and its header.
 */
export const GOOGLE_PACE: PaceOptions = { perMinute: 58, spacingMs: 1_000, rushSpacingMs: 250 };

/** A file has no quota, but appends take processor time from the rooms. */
export const FILE_PACE: PaceOptions = { perMinute: Infinity, spacingMs: 1_500, rushSpacingMs: 250 };

const MINUTE_MS = 60_000;
/** The share of the quota that a rush may use: rows after it must not wait for the end of the minute. */
const RUSH_SHARE = 2 / 3;

/** Tells when the next append may begin. */
export class Pace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  /** When appends of the last minute began, oldest first, in ms of the monotonic clock. */
  #begun: number[] = [];

  constructor(options: PaceOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** How many ms the next append has to wait; `isRush`: more rows wait than one append takes. */
  waitMs(isRush: boolean): number {
    const { perMinute, spacingMs, rushSpacingMs } = this.#options;
    const now = this.#clock.elapsed();
    this.#begun = this.#begun.filter((at) => at + MINUTE_MS > now);
    const last = this.#begun.at(-1);
    if (last === undefined) return 0;
    if (isRush && this.#begun.length < perMinute * RUSH_SHARE) return Math.max(0, last + rushSpacingMs - now);
    // Spreads the rest of the quota over the rest of the minute.
    const left = perMinute - this.#begun.length;
    const oldestEndsAt = this.#begun[0] + MINUTE_MS;
    if (left <= 0) return oldestEndsAt - now;
    return Math.max(0, last + Math.max(spacingMs, (oldestEndsAt - now) / left) - now);
  }

  /** An append begins now. */
  begin(): void {
    this.#begun.push(this.#clock.elapsed());
  }
}
