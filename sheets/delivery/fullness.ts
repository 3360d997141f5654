/** Watches how full the spreadsheet is. */
import type { Clock } from "../../rooms/clock.ts";
import type { Notice, Sheet } from "../sheet.ts";

const MEASURE_EVERY_MS = 10 * 60_000;
/** Delay of the first measurement, so that the start isn't busy with it. */
const FIRST_AFTER_MS = 60_000;
/** Shares at which the operator gets a notice. */
const THRESHOLDS = [0.9, 0.7];

/** What {@link Fullness} works with. */
export interface FullnessParts {
  readonly sheet: Pick<Sheet, "fullness">;
  readonly clock: Clock;
  readonly noticed: (notice: Notice) => void;
}

/** How full the spreadsheet is, measured every ten minutes. */
export class Fullness {
  readonly #parts: FullnessParts;
  #measureFrom: number;
  #share = 0;
  #noticed = 0;

  constructor(parts: FullnessParts) {
    this.#parts = parts;
    this.#measureFrom = parts.clock.elapsed() + FIRST_AFTER_MS;
  }

  /** As a percentage, from 0 to 100. */
  get percent(): number {
    return Math.floor(this.#share * 100);
  }

  /** Measures, if it is time to. Throws what the sheet throws. */
  async tick(signal: AbortSignal): Promise<void> {
    const { sheet, clock, noticed } = this.#parts;
    if (clock.elapsed() < this.#measureFrom) return;
    this.#measureFrom = clock.elapsed() + MEASURE_EVERY_MS;
    this.#share = await sheet.fullness(signal);
    const reached = THRESHOLDS.find((threshold) => this.#share >= threshold) ?? 0;
    // After rows were deleted, a notice may be given again.
    const isNoticed = reached <= this.#noticed;
    this.#noticed = reached;
    if (isNoticed) return;
    noticed({
      code: "sheet_full",
      message:
        `The spreadsheet is ${this.percent} % full (of 10 million cells, empty ones included). Before it is full, let ` +
        "GOOGLE_SHEET_NAME hold {month}, so that old tabs can be saved elsewhere and deleted, or use another spreadsheet.",
    });
  }
}
