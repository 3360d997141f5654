/**
 * A service below a path of its host (`BASE_PATH=/talk`), behind a proxy that takes the path away or doesn't.
 *
 * Inside, addresses are those of a service that has its host to itself. The path is removed from requests and put in front
 * of redirects here; pages put it in front of their addresses by `Page.at`, scripts by `static/shared/address.js`.
 */
import type { Context, MiddlewareHandler } from "hono";
import { getPath } from "hono/utils/url";

/** Where the service is below its host, and which pages may embed it. */
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

/** The site of the service that answers a request. */
export function siteOf(c: Context): Site {
  return c.get("site") ?? ALONE;
}

/** For the router: a request's path inside of the service. */
export function pathBelow(basePath: string): (request: Request) => string {
  return (request) => inside(getPath(request), basePath);
}

/** Sets the site for handlers, and puts its base path in front of their redirects. Mount it first. */
export function standsAt(site: Site): MiddlewareHandler {
  return async (c, next) => {
    c.set("site", site);
    await next();
    const to = site.basePath && c.res.headers.get("location");
    if (to && /^\/(?!\/)/.test(to)) c.res.headers.set("location", site.basePath + inside(to, site.basePath));
  };
}

/** The request's path and query inside of the service; `without` names a value of the query that is left out. */
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
