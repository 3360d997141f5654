/** Those who look after the service: admins, and programs that speak for it. */
import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "./gate.ts";
import type { Caller, Refusal } from "../authentication.ts";
import { HttpError } from "../errors.ts";

/** Whether the caller is one of them. */
export function isAdminOrService(caller: Caller | Refusal): boolean {
  return typeof caller === "object" && (caller.user.role === "admin" || caller.user.role === "service");
}

/**
 * Refuses a program that has a token: one that is stolen must not make what outlives it. Throws {@link HttpError} for
 * whoever is neither signed in nor has the SERVICE_TOKEN of the configuration.
 */
export function refuseTokens(caller: Caller | Refusal, what: string): void {
  if (typeof caller !== "object" || caller.by !== "token") return;
  const message = `${what} needs somebody who is signed in, or the SERVICE_TOKEN of the configuration`;
  throw new HttpError(403, "not_allowed", message);
}

/** Refuses a caller: 401 for strangers, 403 for people who have an account. */
export function refusal(caller: Caller | Refusal, message: string): HttpError {
  const isKnown = typeof caller === "object" && !caller.user.isGuest;
  return isKnown ? new HttpError(403, "not_allowed", message) : new HttpError(401, "not_signed_in", message);
}

/** Lets nobody else through. */
export function requireAdmin(message: string): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!isAdminOrService(c.var.caller)) throw refusal(c.var.caller, message);
    await next();
  };
}
