/** Gives every browser that opens a room's page a badge, so that its guest is the same person after a reload. */
import type { MiddlewareHandler } from "hono";
import type { GuestBadges } from "../rooms/access/guest_id.ts";
import { cookieIn, GUEST_COOKIE } from "./authentication.ts";
import { keepCookie } from "./cookies.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

export function guestCookie(options: { badges: GuestBadges; trustProxy: number }): MiddlewareHandler {
  const { badges, trustProxy } = options;
  return async (c, next) => {
    await next();
    if (c.req.method !== "GET" || badges.idOf(cookieIn(c, GUEST_COOKIE, trustProxy))) return;
    keepCookie(c, GUEST_COOKIE, badges.issue(), { trustProxy, lifeMs: YEAR_MS });
  };
}
