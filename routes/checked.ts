/** Decoding of what HTTP requests bring. */
import * as v from "valibot";
import { HttpError } from "./errors.ts";

/** The JSON of a request's body. Throws {@link HttpError}. */
export async function jsonIn(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (cause) {
    if (cause instanceof HttpError) throw cause;
    throw new HttpError(400, "invalid_json", "The body must be JSON");
  }
}

/** The input as the schema has it. Throws {@link HttpError} with the first thing that is wrong. */
export function checked<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new HttpError(400, "invalid_request", result.issues[0].message);
}
