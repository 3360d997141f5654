/** Gives every browser a guest's id, so that its guest is the same person after a reload. */
import type { MiddlewareHandler } from "hono";
import type { GuestIds } from "../rooms/access/guest_id.ts";
import { cookieIn, GUEST_COOKIE } from "./authentication.ts";
import { keepCookie } from "./cookies.ts";

/** The life of the cookie, in milliseconds. */
export const GUEST_COOKIE_MS = 365 * 24 * 60 * 60 * 1000;

/** Middleware that sets the cookie with a guest's id where the browser has none. */
export function guestCookie(options: { guestIds: GuestIds; trustProxy: number }): MiddlewareHandler {
  const { guestIds, trustProxy } = options;
  return async (c, next) => {
    await next();
    if (c.req.method !== "GET" || guestIds.idOf(cookieIn(c, GUEST_COOKIE, trustProxy))) return;
    keepCookie(c, GUEST_COOKIE, guestIds.issue(), { trustProxy, lifeMs: GUEST_COOKIE_MS });
  };
}
