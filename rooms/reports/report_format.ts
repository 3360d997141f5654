/** Makes the files of a report, a slice of messages at a time: the port that each type of report implements. */
import type { Message } from "../protocol.ts";
import type { Order } from "./report.ts";

/** Bytes that come next in a file. */
export interface Piece {
  /** The format: `xlsx`, `csv`. */
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a slice came to. */
export interface Step {
  /** What has to be known to go on, also in another process: JSON, as a rule small. */
  readonly state: unknown;
  /** At most about 600 KB together, so that they fit into one commit with all the rest. */
  readonly pieces: readonly Piece[];
}

/** The report can't be made as it was asked for; nobody's fault, and no reason to try again. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";

  constructor() {
    super("The report would hold more than a file can");
  }
}

/**
 * Pure, but for the time it takes: the same state and messages come to the same step, so that a slice whose process
 * died may be made once more.
 */
export interface ReportFormat {
  /** Pages of the archive (64 KB each) that make a slice. */
  readonly pagesASlice: number;
  begin(order: Order): Step;
  /** Takes the next messages, oldest first. Throws {@link TooLargeError}. */
  take(state: unknown, messages: readonly Message[], order: Order): Step;
  /** Ends the files; here pieces may be of any size. */
  end(state: unknown, order: Order): Promise<Step>;
}
