/** What goes wrong on the way in, and how HTTP says it: `{"error": "a sentence", "code": "snake_case"}`. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, FrameError } from "../rooms/protocol.ts";

/** A request that can't be granted. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: ContentfulStatusCode;
  readonly code: string;

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
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
  internal: 500,
};

/** The answer to an error; `undefined` when it is none of those that a caller can do anything about. */
export function answerTo(error: Error, c: Context): Response | undefined {
  if (error instanceof HttpError) return c.json({ error: error.message, code: error.code }, error.status);
  if (error instanceof FrameError) {
    return c.json({ error: error.message, code: error.code }, STATUS_OF[error.code]);
  }
}
