/** Who is calling: the user behind a request, and the address it comes from. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { ANONYMOUS, cleanName, guest, MAX_NAME_LENGTH, type User } from "../rooms/user.ts";
import { HttpError } from "./errors.ts";

/** What Deno.serve tells about a request; handed to the app as its bindings. */
export interface Bindings {
  readonly info: Deno.ServeHandlerInfo;
}

export interface Callers {
  /**
   * The user of a request: the service by its token, else a guest by `?username=`. `undefined` when it brings a token
   * that isn't valid. Throws {@link HttpError} for a name that can't be one.
   */
  user(c: Context): User | undefined;
  /** Whether the request brings the service's token. */
  isService(c: Context): boolean;
  /** The address of the caller, seen from in front of our own proxies. */
  address(c: Context<{ Bindings: Bindings }>): string;
  /** Whether the page that sends the request, if one does, may do so. */
  isAllowedOrigin(c: Context): boolean;
}

export function createCallers(options: {
  serviceToken: string | undefined;
  allowedOrigins: readonly string[];
  /** How many proxies in front are ours. */
  trustProxy: number;
}): Callers {
  const { serviceToken, allowedOrigins, trustProxy } = options;

  function tokenIn(c: Context): string | undefined {
    return /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? c.req.query("token");
  }

  const isService = (c: Context): boolean => {
    const token = tokenIn(c);
    return token !== undefined && serviceToken !== undefined && isSame(token, serviceToken);
  };

  return {
    isService,
    user(c) {
      const name = cleanName(c.req.query("username") ?? "");
      if (name === undefined) {
        throw new HttpError(400, "invalid_username", `A name has at most ${MAX_NAME_LENGTH} characters`);
      }
      if (tokenIn(c) === undefined) return guest(name || ANONYMOUS);
      if (isService(c)) return { id: "service", name: name || "service", isGuest: false };
    },
    address(c) {
      const forwarded = c.req.header("x-forwarded-for")?.split(",").at(-trustProxy)?.trim();
      // Some proxies add the port.
      if (trustProxy && forwarded) return forwarded.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
      const { remoteAddr } = c.env.info;
      return "hostname" in remoteAddr ? remoteAddr.hostname : "local";
    },
    isAllowedOrigin(c) {
      const origin = c.req.header("origin");
      // Programs state none; a browser always does when it opens a socket.
      if (origin === undefined || allowedOrigins.includes(origin)) return true;
      return URL.canParse(origin) && new URL(origin).host === c.req.header("host");
    },
  };
}

/** Compares secrets in a time that doesn't tell how alike they are. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
