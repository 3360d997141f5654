/** What only admins and programs with the service role may do. */
import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "./gate.ts";
import type { Caller, Refusal } from "../authentication.ts";
import { HttpError } from "../errors.ts";

/** Whether the caller is an admin, or has the service role. */
export function isAdminOrService(caller: Caller | Refusal): boolean {
  return typeof caller === "object" && (caller.user.role === "admin" || caller.user.role === "service");
}

/**
 * Refuses callers with a token other than the SERVICE_TOKEN: a stolen token must not make what outlives it.
 *
 * @throws {HttpError} 403 for such a caller.
 */
export function refuseTokens(caller: Caller | Refusal, what: string): void {
  if (typeof caller !== "object" || caller.by !== "token") return;
  const message = `${what} needs somebody who is signed in, or the SERVICE_TOKEN of the configuration`;
  throw new HttpError(403, "not_allowed", message);
}

/** The error for a refused caller: 401 for guests and unknown callers, 403 for others. */
export function refusal(caller: Caller | Refusal, message: string): HttpError {
  const isKnown = typeof caller === "object" && !caller.user.isGuest;
  return isKnown ? new HttpError(403, "not_allowed", message) : new HttpError(401, "not_signed_in", message);
}

/** Middleware that refuses everybody but admins and the service. */
export function requireAdmin(message: string): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!isAdminOrService(c.var.caller)) throw refusal(c.var.caller, message);
    await next();
  };
}
