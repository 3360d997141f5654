/** Decoding of what HTTP requests bring. */
import * as v from "valibot";
import { MAX_FRAME_BYTES } from "../../rooms/protocol.ts";
import { HttpError } from "../errors.ts";

/** The size of a request's body, in bytes. */
const MAX_BODY_BYTES = MAX_FRAME_BYTES;

/** The JSON of a request's body, of which no more is read than may come. Throws {@link HttpError}. */
export async function jsonIn(request: Request): Promise<unknown> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new HttpError(413, "too_large", `A request has at most ${MAX_BODY_BYTES} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, "invalid_json", "The body must be JSON");
  }
}

/** The input as the schema has it. Throws {@link HttpError} with the first thing that is wrong. */
export function requestBody<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new HttpError(400, "invalid_request", result.issues[0].message);
}
