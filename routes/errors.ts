/** Errors, and their answers in HTTP: `{"error": "a sentence", "code": "snake_case"}`. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AccountError } from "../rooms/access/accounts.ts";
import { BusyError } from "../rooms/access/passwords.ts";
import { StorageLostError } from "../rooms/kv/storage_guard.ts";
import { DocumentRefusal } from "../rooms/documents/document_access.ts";
import { FileRefusal, type FileRefusalCode } from "../rooms/files/file_refusal.ts";
import { type ErrorCode, FrameError } from "../rooms/protocol.ts";

/** A request is refused, with this status and code. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: ContentfulStatusCode;
  readonly code: string;
  /** After how many ms trying again makes sense. */
  readonly retryAfterMs: number | undefined;

  constructor(status: ContentfulStatusCode, code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const STATUS_OF: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  invalid_json: 400,
  invalid_frame: 400,
  unknown_type: 400,
  empty: 400,
  too_long: 413,
  rate_limited: 429,
  backpressure: 503,
  storage_lost: 503,
  internal: 500,
  read_only: 403,
  name_taken: 403,
  name_refused: 400,
  not_found: 404,
  not_allowed: 403,
  too_late: 403,
  file_refused: 409,
  muted: 403,
  slow_mode: 429,
  blocked_word: 403,
};

const STATUS_OF_ACCOUNT_ERROR: Readonly<Record<AccountError["code"], ContentfulStatusCode>> = {
  invalid_username: 400,
  invalid_password: 400,
  username_taken: 409,
  not_found: 404,
  changed: 409,
  last_admin: 409,
};
const STATUS_OF_DOCUMENT_REFUSAL: Readonly<Record<DocumentRefusal["code"], ContentfulStatusCode>> = {
  deleted: 404,
  private: 404,
  too_many_documents: 429,
};
const STATUS_OF_FILE_REFUSAL: Readonly<Record<FileRefusalCode, ContentfulStatusCode>> = {
  empty: 400,
  incomplete_body: 400,
  too_large: 413,
  type_refused: 415,
  rate_limited: 429,
  storage_full: 507,
};
/** How long clients are to wait when the service is overloaded. */
const BUSY_MS = 2_000;

/** The answer to an error; `undefined` for an unexpected one, which is answered with 500. */
export function answerTo(error: Error, c: Context): Response | undefined {
  if (error instanceof HttpError) return answer(c, error.status, error.code, error);
  if (error instanceof DocumentRefusal) {
    return answer(c, STATUS_OF_DOCUMENT_REFUSAL[error.code], error.code, error);
  }
  if (error instanceof FrameError) return answer(c, STATUS_OF[error.code], error.code, error);
  if (error instanceof FileRefusal) return answer(c, STATUS_OF_FILE_REFUSAL[error.code], error.code, error);
  if (error instanceof AccountError) return answer(c, STATUS_OF_ACCOUNT_ERROR[error.code], error.code, error);
  if (error instanceof StorageLostError) {
    // The cause is in the log and at /healthz: clients must not learn paths.
    const message = "Nothing can be stored at present";
    return answer(c, 503, codeOf(error), { message, retryAfterMs: BUSY_MS });
  }
  if (error instanceof BusyError) {
    return answer(c, 503, "busy", { message: error.message, retryAfterMs: BUSY_MS });
  }
}

/** The code of an error that has an answer; "busy" by default. */
export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "busy";
}

function answer(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  { message, retryAfterMs, names }: {
    message: string;
    retryAfterMs?: number | undefined;
    names?: readonly string[];
  },
): Response {
  if (retryAfterMs === undefined) return c.json({ error: message, code, names }, status);
  c.header("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  return c.json({ error: message, code, retry_after_ms: Math.ceil(retryAfterMs) }, status);
}
