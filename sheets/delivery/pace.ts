/** The pace of appends: at once when idle, close together while much is waiting, never over the quota. */
import type { Clock } from "../../rooms/clock.ts";

export interface PaceOptions {
  /** How many appends may begin within any minute; `Infinity`: as many as want to. */
  readonly perMinute: number;
  /** The least time between two appends, so that one takes what comes meanwhile, in milliseconds. */
  readonly spacingMs: number;
  /** The same while more is waiting than one append takes. */
  readonly rushSpacingMs: number;
}

/**
 * Google allows a user 60 writes a minute (https://developers.google.com/workspace/sheets/api/limits); two are left
 * for making the tab and its header.
 */
export const GOOGLE_PACE: PaceOptions = { perMinute: 58, spacingMs: 1_000, rushSpacingMs: 250 };

/** A file has no quota, but appends cost the members of rooms some of the processor. */
export const FILE_PACE: PaceOptions = { perMinute: Infinity, spacingMs: 1_500, rushSpacingMs: 250 };

const MINUTE_MS = 60_000;
/** How much of the quota a rush may take: what follows it shall not have to wait for the minute's end. */
const RUSH_SHARE = 2 / 3;

export class Pace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  /** When appends of the last minute began, oldest first. */
  #begun: number[] = [];

  constructor(options: PaceOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** How long the next append has to wait, in milliseconds; `isRush` when more is waiting than one takes. */
  waitMs(isRush: boolean): number {
    const { perMinute, spacingMs, rushSpacingMs } = this.#options;
    const now = this.#clock.elapsed();
    this.#begun = this.#begun.filter((at) => at + MINUTE_MS > now);
    const last = this.#begun.at(-1);
    if (last === undefined) return 0;
    if (isRush && this.#begun.length < perMinute * RUSH_SHARE) return Math.max(0, last + rushSpacingMs - now);
    // What is left of the quota is spread over what is left of the minute.
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
