/** Watches how full the spreadsheet is. */
import type { Clock } from "../../rooms/clock.ts";
import type { Notice, Sheet } from "../sheet.ts";

const LOOK_EVERY_MS = 10 * 60_000;
/** The first look, so that a start isn't busy with it. */
const FIRST_LOOK_MS = 60_000;
/** Shares at which the operator is told. */
const THRESHOLDS = [0.9, 0.7];

/** What {@link Fullness} works with. */
export interface FullnessParts {
  readonly sheet: Pick<Sheet, "fullness">;
  readonly clock: Clock;
  readonly noticed: (notice: Notice) => void;
}

/** How full the spreadsheet is, looked at every ten minutes. */
export class Fullness {
  readonly #parts: FullnessParts;
  #lookAt: number;
  #share = 0;
  #told = 0;

  constructor(parts: FullnessParts) {
    this.#parts = parts;
    this.#lookAt = parts.clock.elapsed() + FIRST_LOOK_MS;
  }

  /** As a percentage, from 0 to 100. */
  get percent(): number {
    return Math.floor(this.#share * 100);
  }

  /** Looks, if it is time to. Throws what the sheet throws. */
  async tick(signal: AbortSignal): Promise<void> {
    const { sheet, clock, noticed } = this.#parts;
    if (clock.elapsed() < this.#lookAt) return;
    this.#lookAt = clock.elapsed() + LOOK_EVERY_MS;
    this.#share = await sheet.fullness(signal);
    const reached = THRESHOLDS.find((threshold) => this.#share >= threshold) ?? 0;
    // After rows were deleted it may be told again.
    const isTold = reached <= this.#told;
    this.#told = reached;
    if (isTold) return;
    noticed({
      code: "sheet_full",
      message:
        `The spreadsheet is ${this.percent} % full (of 10 million cells, empty ones included). Before it is full, let ` +
        "GOOGLE_SHEET_NAME hold {month}, so that old tabs can be saved elsewhere and deleted, or use another spreadsheet.",
    });
  }
}
