/**
 * A service below a path of its host (`BASE_PATH=/talk`), behind a proxy that takes the path away or doesn't.
 *
 * Inside, addresses are those of a service that has its host to itself. The path is taken away here, where requests come
 * in, and put in front of where redirects lead and of what templates hold; scripts do the same by `static/address.js`.
 */
import type { Context, MiddlewareHandler } from "hono";
import { getPath } from "hono/utils/url";

/** Where the service stands in its host, and who may show it. */
export interface Site {
  /** Without a slash at its end; "" for the whole host. */
  readonly basePath: string;
  /** Sources, as the header has them, of pages that may embed ours; none = no page. */
  readonly frameAncestors: readonly string[];
}

declare module "hono" {
  interface ContextVariableMap {
    site: Site | undefined;
  }
}

const ALONE: Site = { basePath: "", frameAncestors: [] };

/** The place of the service that answers a request. */
export function siteOf(c: Context): Site {
  return c.get("site") ?? ALONE;
}

/** For the router: a request's path inside of the service. */
export function pathBelow(basePath: string): (request: Request) => string {
  return (request) => inside(getPath(request), basePath);
}

/** Tells handlers the place, and puts the path in front of where their redirects lead. Mount it first. */
export function standsAt(site: Site): MiddlewareHandler {
  return async (c, next) => {
    c.set("site", site);
    await next();
    const to = site.basePath && c.res.headers.get("location");
    if (to && /^\/(?!\/)/.test(to)) c.res.headers.set("location", site.basePath + inside(to, site.basePath));
  };
}

/** The page's own address inside of the service, with what was asked of it but one value. */
export function hereIn(c: Context, { without }: { without?: string } = {}): string {
  const url = new URL(c.req.url);
  if (without !== undefined) url.searchParams.delete(without);
  return inside(url.pathname, siteOf(c).basePath) + url.search;
}

function inside(path: string, basePath: string): string {
  if (!basePath || !path.startsWith(basePath)) return path;
  const rest = path.slice(basePath.length);
  return rest === "" ? "/" : /^[/?]/.test(rest) ? rest : path;
}
