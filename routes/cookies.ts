/** Cookies that say who somebody is: out of reach of scripts and of other sites. */
import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { isSecure } from "./callers.ts";

/** Sets a cookie of ours; behind TLS as `__Host-`, which no other host and no page without TLS can set. */
export function keepCookie(
  c: Context,
  name: string,
  value: string,
  { trustProxy, lifeMs }: { trustProxy: number; lifeMs: number },
): void {
  const secure = isSecure(c, trustProxy);
  const prefix = secure ? "host" as const : undefined;
  const maxAge = Math.floor(lifeMs / 1000);
  setCookie(c, name, value, { httpOnly: true, sameSite: "Lax", path: "/", secure, prefix, maxAge });
}

/** Takes a cookie of ours away. */
export function dropCookie(c: Context, name: string, { trustProxy }: { trustProxy: number }): void {
  const secure = isSecure(c, trustProxy);
  const prefix = secure ? "host" as const : undefined;
  deleteCookie(c, name, { httpOnly: true, sameSite: "Lax", path: "/", secure, prefix });
}
