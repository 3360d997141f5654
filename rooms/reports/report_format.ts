/** The interface that each type of report implements: it makes the files, one slice of messages at a time. */
import type { Message } from "../protocol.ts";
import type { Order } from "./report.ts";

/** The next bytes of a file. */
export interface Piece {
  /** The format: `xlsx`, `csv`. */
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The result of one slice. */
export interface Step {
  /** The state from which this or another process continues: JSON, usually small. */
  readonly state: unknown;
  /** At most about 600 KB in all, so that they fit into one commit with the rest. */
  readonly pieces: readonly Piece[];
}

/** The report would exceed a limit of its files; trying again is useless. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";

  constructor() {
    super("The report would hold more than a file can");
  }
}

/**
 * A type of report. Its methods are pure: the same state and messages give the same step, so that a slice whose process
 * died can be repeated.
 */
export interface ReportFormat {
  /** Archive pages (64 KB each) in one slice. */
  readonly pagesASlice: number;
  /** Begins the files. */
  begin(order: Order): Step;
  /**
   * Adds the next messages, the oldest first.
   *
   * @throws {TooLargeError} when a file would exceed its limit
   */
  take(state: unknown, messages: readonly Message[], order: Order): Step;
  /** Finishes the files; here pieces may have any size. */
  end(state: unknown, order: Order): Promise<Step>;
}
