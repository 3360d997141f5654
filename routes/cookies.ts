/** Cookies that identify people: scripts can't read them, and other sites don't send them. */
import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { siteOf } from "./pages/base_path.ts";
import { cookiePrefix, isSecure } from "./authentication.ts";

/** Sets a cookie for `lifeMs` ms; over TLS with a prefix that no other host and no page without TLS can use. */
export function keepCookie(
  c: Context,
  name: string,
  value: string,
  { trustProxy, lifeMs }: { trustProxy: number; lifeMs: number },
): void {
  setCookie(c, name, value, { ...attributes(c, trustProxy), maxAge: Math.floor(lifeMs / 1000) });
}

/** Deletes a cookie. */
export function dropCookie(c: Context, name: string, { trustProxy }: { trustProxy: number }): void {
  deleteCookie(c, name, attributes(c, trustProxy));
}

/**
 * Below a base path, cookies are sent to that path alone: other services of the host must not read them. In a frame of
 * another site's page, browsers send only partitioned cookies with SameSite=None; every change checks `Origin` first.
 */
function attributes(c: Context, trustProxy: number) {
  const secure = isSecure(c, trustProxy);
  const { basePath, frameAncestors } = siteOf(c);
  const isFramed = secure && frameAncestors.length > 0;
  return {
    httpOnly: true,
    sameSite: isFramed ? "None" as const : "Lax" as const,
    partitioned: isFramed,
    path: `${basePath}/`,
    secure,
    ...(secure && { prefix: cookiePrefix(c) }),
  };
}
