/** What the log writes to: the port that a CSV file and a Google Sheet implement. */

/** One message as it stands in the sheet: `time, room, username, message, id`, every cell text. */
export type Row = readonly [time: string, room: string, username: string, message: string, id: string];

/** The header row, in the order of {@link Row}. */
export const HEADER: Row = ["time", "room", "username", "message", "id"];

/**
 * Where the last row that is known to stand was seen: the sink's own position of that row (a row number, a byte
 * offset) and its id. People may sort, insert or delete rows, so a mark is a hint to be checked against its id.
 */
export interface RowPosition {
  readonly position: number;
  readonly id: string;
}

/**
 * A place where rows stand for good.
 *
 * Every method throws {@link SheetError} when the sink says no and anything else (network, time-out) when it
 * can't be known whether it did the work; both leave it to the caller to try again. No method retries by itself.
 */
export interface Sheet extends AsyncDisposable {
  /** What people call it in messages and in `/healthz`: `CSV file data/ChatLogs.csv`, `Google Sheet ChatLogs`. */
  readonly name: string;

  /**
   * Makes the place ready: file or tab, and its header row. Harmless when it is ready. `last` is the last row that
   * the caller knows to have been written, so that its absence is noticed.
   */
  open(signal: AbortSignal, last?: RowPosition): Promise<void>;

  /**
   * Appends rows in this order, after everything that stands, and resolves once they are durable, to the mark of
   * the last one. `rows` is never empty, holds at most 5,000 rows and about 1.5 MB.
   */
  append(rows: readonly Row[], signal: AbortSignal): Promise<RowPosition>;

  /**
   * Which of `ids` stand in the sheet, and the mark of the last row in it that has one of them (`undefined` when
   * none does). `from` is where to look first; what isn't found behind it is looked for everywhere, because people
   * may have sorted the rows.
   */
  find(
    ids: ReadonlySet<string>,
    from: RowPosition | undefined,
    signal: AbortSignal,
  ): Promise<{ standing: ReadonlySet<string>; last: RowPosition | undefined }>;

  /**
   * Takes out every second row of an id between `ids.first` and `ids.last`, keeps the first, and leaves all other
   * rows alone. Resolves to how many ids stood twice. A sink in which no append can come late answers 0.
   */
  removeDoubles(ids: IdRange, signal: AbortSignal): Promise<number>;
}

/** From the smallest id to the largest, both included. */
export interface IdRange {
  readonly first: string;
  readonly last: string;
}

/** What the operator should know although rows are written. */
export interface Notice {
  /** What it is about, for programs and for pages that speak another language. */
  readonly code: "rows_missing" | "rows_far_below" | "chores_failed";
  /** One sentence that says what to do, without rows, keys or tokens. */
  readonly message: string;
}

/** What has to happen before the same call can succeed. */
export type SheetErrorKind =
  /** Nobody's fault (429, 5xx): try again, not before `retryAfterMs`. The rows may stand all the same. */
  | "busy"
  /** The operator has to act (share the sheet, restore the tab, mend the key): probe now and then. */
  | "setup"
  /** These very rows are refused (400): they will be refused for ever. Whether they stand has to be looked for. */
  | "refused";

/**
 * The sink's answer was no. `message` is one sentence for the operator that says what to do; it never holds
 * rows, keys or tokens.
 */
export class SheetError extends Error {
  override readonly name = "SheetError";
  readonly kind: SheetErrorKind;
  /** From `Retry-After`, in milliseconds; 0 when the sink didn't say. */
  readonly retryAfterMs: number;

  constructor(kind: SheetErrorKind, message: string, options: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(message, options);
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}
