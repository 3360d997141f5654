/** `Idempotency-Key`, and `client_id` in a body: requests that clients may repeat. */
import type { Context } from "hono";
import { type Idempotency, ReusedKeyError } from "../../rooms/kv/idempotency_keys.ts";
import { admitted, type ApiEnv } from "./gate.ts";
import { HttpError } from "../errors.ts";

/** The same limit as in frames of a room. */
const MAX_CLIENT_ID_LENGTH = 64;
/** The most characters of the header (draft-ietf-httpapi-idempotency-key-header names no limit; services allow 255). */
const MAX_KEY_LENGTH = 255;

/**
 * Carries a request out once for each key, or every time when it has none. `act` gets the id for what it makes
 * ({@link Idempotency.once}), or `undefined`. Keys of different `scope`s are independent.
 *
 * @throws {HttpError} 400 for what can't be a key, 422 when the key was used for another body.
 */
export async function once<T>(
  c: Context<ApiEnv>,
  idempotency: Idempotency,
  { scope, body }: { scope: string; body: unknown },
  act: (id: string | undefined) => Promise<T>,
): Promise<T> {
  const key = keyOf(c.req.header("idempotency-key"), body);
  if (key === undefined) return await act(undefined);
  const { user, by, credential } = admitted(c.var.caller);
  // By token: several programs of one account may each number their requests from 1.
  const caller = by === "token" && credential ? credential.id : user.id;
  const { client_id: _, ...rest } = isObject(body) ? body : {};
  try {
    return await idempotency.once({ caller, scope, key, body: rest }, act);
  } catch (error) {
    if (!(error instanceof ReusedKeyError)) throw error;
    throw new HttpError(422, "idempotency_key_reused", error.message);
  }
}

function keyOf(header: string | undefined, body: unknown): string | undefined {
  const clientId = isObject(body) ? body.client_id : undefined;
  if (clientId !== undefined && !isKey(clientId, MAX_CLIENT_ID_LENGTH)) {
    throw new HttpError(
      400,
      "invalid_request",
      `"client_id" must be text of 1 to ${MAX_CLIENT_ID_LENGTH} characters`,
    );
  }
  // The draft quotes the key, most clients don't.
  const key = header?.replace(/^"(.*)"$/, "$1");
  if (key !== undefined && !isKey(key, MAX_KEY_LENGTH)) {
    throw new HttpError(
      400,
      "invalid_request",
      `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters`,
    );
  }
  if (key !== undefined && clientId !== undefined && key !== clientId) {
    throw new HttpError(
      400,
      "invalid_request",
      'Idempotency-Key and "client_id" must be the same: give one of them',
    );
  }
  return key ?? clientId;
}

function isKey(text: unknown, most: number): text is string {
  return typeof text === "string" && text.length > 0 && text.length <= most;
}

function isObject(body: unknown): body is Record<string, unknown> {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}
