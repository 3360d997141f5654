/** A file is refused: its sender gets the message and the code. */

/** Why a file is refused. */
export type FileRefusalCode =
  | "empty"
  | "too_large"
  | "type_refused"
  | "incomplete_body"
  | "rate_limited"
  | "storage_full";

/** Thrown for files that can't be taken. */
export class FileRefusal extends Error {
  override readonly name = "FileRefusal";
  readonly code: FileRefusalCode;
  /** After how many ms trying again makes sense. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: FileRefusalCode,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
