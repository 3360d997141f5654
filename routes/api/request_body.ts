/** Decodes bodies and other input of requests. */
import * as v from "valibot";
import { MAX_FRAME_BYTES } from "../../rooms/protocol.ts";
import { HttpError } from "../errors.ts";

/** The most bytes of a request's body. */
const MAX_BODY_BYTES = MAX_FRAME_BYTES;

/**
 * The JSON of a request's body. Stops reading when the body is too large.
 *
 * @throws {HttpError} 413 when it is too large, 400 when it isn't JSON, or ends before it is complete.
 */
export async function jsonIn(request: Request): Promise<unknown> {
  const text = await textIn(request);
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, "invalid_json", "The body must be JSON");
  }
}

async function textIn({ body }: Request): Promise<string> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) {
        throw new HttpError(413, "too_large", `A request has at most ${MAX_BODY_BYTES} bytes`);
      }
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (cause) {
    if (cause instanceof HttpError) throw cause;
    // The client has gone away, or sent invalid chunks: no error of the service.
    throw new HttpError(400, "incomplete_body", "The body ended before it was complete");
  }
  return text;
}

/**
 * The input as the schema decodes it.
 *
 * @throws {HttpError} 400 with the first thing that is wrong.
 */
export function requestBody<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new HttpError(400, "invalid_request", result.issues[0].message);
}

/** The query of a page of items with ULIDs: `before`, an id, and `limit`, which is at most `max`. */
export function pageQuery(item: string, { max, byDefault }: { max: number; byDefault: number }): {
  before: v.OptionalSchema<v.GenericSchema<string>, undefined>;
  limit: v.OptionalSchema<v.GenericSchema<string, number>, string>;
} {
  return {
    before: v.optional(v.pipe(v.string(), v.maxLength(26, `"before" must be ${item}'s id`))),
    limit: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[1-9]\d{0,3}$/, '"limit" must be a whole number above 0'),
        v.transform((limit) => Math.min(Number(limit), max)),
      ),
      String(byDefault),
    ),
  };
}
