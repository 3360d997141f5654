/** Middleware in front of `/api`: headers, allowed pages, authentication, rate limits. */
import type { MiddlewareHandler } from "hono";
import type { RoomNames } from "../../rooms/access/room_names.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import { hasAccount, personOf, type User } from "../../rooms/user.ts";
import type { Authentication, Bindings, Caller, Refusal, RoomTarget } from "../authentication.ts";
import { HttpError } from "../errors.ts";
import { roomInPath } from "../path_params.ts";
import { RateLimits } from "../rate_limits.ts";
import { NAME_REFUSED, NAME_TAKEN } from "../sockets/upgrade.ts";

/** The context of handlers behind {@link apiGate}. */
export interface ApiEnv {
  Bindings: Bindings;
  Variables: {
    caller: Caller | Refusal;
    /** Finds the caller again for a call about a room that its path doesn't name. */
    callerIn: (room: string) => Promise<Caller | Refusal>;
  };
}

/** Calls a minute for each message a minute that is allowed. */
const CALLS_PER_MESSAGE = 10;
/** The path of a call about a room. */
const ROOM_CALL = /^\/api\/rooms\/([^/]+)/;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);
const PREFLIGHTED = /^application\/(json|octet-stream)\b/i;
const REFUSALS: Readonly<Record<Refusal, HttpError>> = {
  invalid_credential: new HttpError(401, "not_signed_in", "The token is not valid"),
  guests_not_allowed: new HttpError(401, "not_signed_in", "Sign in first"),
  name_refused: new HttpError(400, "invalid_username", NAME_REFUSED),
  name_taken: new HttpError(403, "name_taken", NAME_TAKEN),
};

/** The middleware; `rateMessagesPerMinute`: 0 = off. */
export function apiGate(options: {
  authentication: Authentication;
  roomNames: Pick<RoomNames, "find">;
  rooms: Pick<Rooms, "current">;
  rateMessagesPerMinute: number;
}): MiddlewareHandler<ApiEnv> {
  const { authentication, rateMessagesPerMinute: perMinute } = options;
  const limits = perMinute ? new RateLimits(perMinute * CALLS_PER_MESSAGE) : undefined;
  const targetOf = async (path: string): Promise<RoomTarget | undefined> => {
    const room = roomInPath(path, ROOM_CALL);
    return room === undefined ? undefined : { room: await options.roomNames.find(room) };
  };
  return async (c, next) => {
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    c.header("referrer-policy", "no-referrer");
    if (!READING.has(c.req.method)) {
      authentication.requireAllowedOrigin(c);
      // Without a CORS preflight, a page of another origin can send a form or plain text, but not JSON.
      // Uploads are no JSON, and pages send them as bytes, with a preflight as well.
      const type = c.req.header("content-type");
      if (c.req.header("origin") && type !== undefined && !PREFLIGHTED.test(type)) {
        throw new HttpError(415, "not_json", "The body must be JSON: content-type: application/json");
      }
    }
    await options.rooms.current();
    c.set("callerIn", (room) => authentication.caller(c, { room }));
    const caller = await authentication.caller(c, await targetOf(c.req.path));
    c.set("caller", caller);
    if (limits && !isService(caller)) {
      const person = typeof caller === "object" ? personWith(caller.user) : undefined;
      const limiter = limits.of(person ?? `address/${authentication.address(c)}`);
      if (!limiter.tryRemoveTokens(1)) throw tooManyCalls(limiter.getWaitTime(1));
    }
    await next();
  };
}

/**
 * The caller.
 *
 * @throws {HttpError} when the caller was refused.
 */
export function admitted(caller: Caller | Refusal): Caller {
  if (typeof caller === "object") return caller;
  throw REFUSALS[caller];
}

/**
 * The caller as a user with an account.
 *
 * @throws {HttpError} 401 for guests, 403 with `message` for the service.
 */
export function accountOf(
  caller: Caller | Refusal,
  message: string,
  { signInFirst = "Sign in first" }: { signInFirst?: string } = {},
): User {
  const { user } = admitted(caller);
  if (hasAccount(user)) return user;
  throw user.isGuest
    ? new HttpError(401, "not_signed_in", signInFirst)
    : new HttpError(403, "not_allowed", message);
}

/** Whether the caller has the service role. */
export function isService(caller: Caller | Refusal): boolean {
  return typeof caller === "object" && caller.user.role === "service";
}

/** The error for a caller above a rate limit, who may try again after `retryAfterMs`. */
export function tooManyCalls(retryAfterMs: number): HttpError {
  return new HttpError(429, "rate_limited", "Too many requests; try again later", retryAfterMs);
}

/** The person whose calls are counted; `undefined` for guests, whose calls count by address because a new guest id costs nothing. */
function personWith(user: User): string | undefined {
  return user.isGuest ? undefined : personOf(user);
}
