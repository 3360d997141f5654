/** Cookies that say who somebody is: out of reach of scripts and of other sites. */
import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { siteOf } from "./pages/base_path.ts";
import { cookiePrefix, isSecure } from "./authentication.ts";

/** Sets a cookie of ours; behind TLS one that no other host and no page without TLS can have set. */
export function keepCookie(
  c: Context,
  name: string,
  value: string,
  { trustProxy, lifeMs }: { trustProxy: number; lifeMs: number },
): void {
  setCookie(c, name, value, { ...attributes(c, trustProxy), maxAge: Math.floor(lifeMs / 1000) });
}

/** Takes a cookie of ours away. */
export function dropCookie(c: Context, name: string, { trustProxy }: { trustProxy: number }): void {
  deleteCookie(c, name, attributes(c, trustProxy));
}

/**
 * Below a path, cookies go to that path alone, because other services of the host aren't ours to trust. In a frame of another
 * site's page browsers send only cookies that are made for it; the gate looks at `Origin` before anything is changed.
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
