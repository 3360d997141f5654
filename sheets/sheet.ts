/** The port to which messages are delivered: a CSV file and a Google Sheet implement it. */

/** One message, or one change of a message, as a row: every cell is text, and the last one is its id. */
export type Row = readonly string[];

/** The header row of messages. */
export const HEADER: Row = ["time", "room", "username", "message", "id"];

/** The header row of what was done to messages. `text` is the new text of an edit, or the emoji of a reaction. */
export const CHANGES_HEADER: Row = ["time", "room", "username", "change", "message_id", "text", "id"];

/** The id in a row. */
export function idOf(row: Row): string {
  return row[row.length - 1];
}

/**
 * Where a row was last seen: the sheet's own position of it (a row number, a byte offset), and its id. People may sort,
 * insert or delete rows, so the position is a hint to be checked against the id.
 */
export interface RowPosition {
  readonly position: number;
  readonly id: string;
}

/** Which of the ids that were searched for have a row. */
export interface FoundRows {
  readonly present: ReadonlySet<string>;
  /** The last row with one of the ids; `undefined` when none was found. */
  readonly last: RowPosition | undefined;
}

/**
 * Durable storage of rows.
 *
 * Every method throws {@link SheetError} when the sheet refuses, and any other error (network, time-out) when it isn't
 * known whether the work was done. The caller decides whether to try again: no method retries.
 */
export interface Sheet extends AsyncDisposable {
  /** The name in messages and in `/healthz`: `CSV file data/ChatLogs.csv`, `Google Sheet ChatLogs`. */
  readonly name: string;

  /**
   * Makes the file or tab and its header row, unless they exist. `last` is the last row that the caller knows to have been
   * written; the operator is told when it is missing.
   */
  open(signal: AbortSignal, last?: RowPosition): Promise<void>;

  /**
   * Appends rows in this order behind all others, and resolves, once they are durable, to the position of the last one.
   * `rows` has at least 1 and at most 5,000 rows, and about 1.5 MB.
   */
  append(rows: readonly Row[], signal: AbortSignal): Promise<RowPosition>;

  /**
   * Finds the rows with these ids.
   * Searches from the row `from` on first; then the whole sheet for the rest, because people may have sorted the rows.
   */
  find(
    ids: ReadonlySet<string>,
    from: RowPosition | undefined,
    signal: AbortSignal,
  ): Promise<FoundRows>;

  /** Tries once what writing rows needs, and yields the name of each step that is done; it throws what is in the way. */
  check(signal: AbortSignal): AsyncIterable<string>;

  /** How full the place is where the rows are, from 0 to 1. */
  fullness(signal: AbortSignal): Promise<number>;

  /** Reads all rows below the header, a page at a time, in the sheet's own order; yields nothing where there is no sheet. */
  read(signal: AbortSignal): AsyncIterable<readonly Row[]>;

  /** The texts with which {@link read} yields this row. */
  shown(row: Row): Row;

  /**
   * For each id from `ids.first` to `ids.last`, keeps the first row and deletes the others. Other rows stay as they are.
   * Resolves to the number of ids that had several rows; a sheet in which no append can come late returns 0.
   */
  removeDoubles(ids: IdRange, signal: AbortSignal): Promise<number>;
}

/** Ids from the smallest to the largest, both included. */
export interface IdRange {
  readonly first: string;
  readonly last: string;
}

/** Something that the operator should know although rows are written. */
export interface Notice {
  /** The kind, for programs and for pages in other languages. */
  readonly code: "rows_missing" | "rows_far_below" | "chores_failed" | "rows_differ" | "sheet_full";
  /** One sentence that says what to do; it never contains rows, keys or tokens. */
  readonly message: string;
}

/** What has to happen before the same call can succeed. */
export type SheetErrorKind =
  /** Temporary (429, 5xx): try again, not before `retryAfterMs`. The rows may have been written all the same. */
  | "busy"
  /** The operator has to act (share the sheet, restore the tab, replace the key): try again from time to time. */
  | "setup"
  /** These rows are refused for good (400). Some may be in the sheet all the same: search for them. */
  | "refused";

/** Which sentence an error is, for pages in other languages, and what it names. */
export interface Problem {
  readonly code: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The sheet gave no answer, or a part of one: it isn't known whether the work was done. */
export class NoAnswerError extends Error implements Problem {
  override readonly name = "NoAnswerError";
  readonly code = "network";
  readonly values = {};
}

/** Which sentence an error is; `undefined` for errors of other parts than the sheet. */
export function problemOf(error: unknown): Problem | undefined {
  if (!(error instanceof SheetError || error instanceof NoAnswerError)) return undefined;
  const { code, values } = error;
  return { code, values };
}

/**
 * The sheet refused. `message` is one sentence for the operator that says what to do; it never contains rows, keys or
 * tokens.
 */
export class SheetError extends Error implements Problem {
  override readonly name = "SheetError";
  readonly kind: SheetErrorKind;
  /** From `Retry-After`, in milliseconds; 0 when the sheet gave none. */
  readonly retryAfterMs: number;
  /** Which sentence `message` is, for pages in other languages. */
  readonly code: string;
  /** What `message` names. */
  readonly values: Readonly<Record<string, string>>;

  constructor(
    kind: SheetErrorKind,
    message: string,
    options: ErrorOptions & {
      retryAfterMs?: number;
      code?: string;
      values?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.code = options.code ?? kind;
    this.values = options.values ?? {};
  }
}
