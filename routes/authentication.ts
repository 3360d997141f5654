/** Who is calling: the user behind a request, and the address it comes from. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { isGuestName } from "../rooms/access/account_name.ts";
import type { Account, Accounts } from "../rooms/access/accounts.ts";
import type { GuestIds } from "../rooms/access/guest_id.ts";
import type { Credential, Credentials } from "../rooms/access/credentials.ts";
import { ANONYMOUS, cleanName, guest, MAX_NAME_LENGTH, service, type User } from "../rooms/user.ts";
import { siteOf } from "./pages/base_path.ts";
import { clientAddress } from "./client_address.ts";
import { HttpError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import type { Upgrader } from "./sockets/socket.ts";

/** What the listener tells about a request; handed to the app as its bindings. */
export interface Bindings {
  readonly info: Deno.ServeHandlerInfo;
  /** Makes a socket of the request. */
  readonly upgrade: Upgrader;
}

/** Who makes a request, and by what. */
export interface Caller {
  readonly user: User;
  /** `service`: the token of the configuration. */
  readonly by: "session" | "token" | "service" | "guest";
  readonly account: Account | undefined;
  /** The session or the token. */
  readonly pass: Credential | undefined;
  /** When the right of the caller ends by itself, in milliseconds since the epoch; `Infinity` for never. */
  readonly endsAt: number;
  /**
   * The same caller as of now; `undefined` when it isn't let in any more. `name` is what a guest is called by now, who
   * may have come without a name and stated one in a message.
   */
  renew(name: string): Promise<Caller | undefined>;
}

/** Why somebody can't come in, and what to do about it. */
export type Refusal = "invalid_pass" | "guests_not_allowed" | "name_taken" | "name_refused";

export interface Authentication {
  /**
   * The caller: by the session's cookie, else by a token, else a guest under `?username=`. Throws {@link HttpError}
   * for a name that can't be one.
   */
  caller(c: Context): Promise<Caller | Refusal>;
  /** The account of a request's session, if it has one. */
  account(c: Context): Promise<Account | undefined>;
  /** The address of the caller as limits count it ({@link clientAddress}), seen from in front of our own proxies. */
  address(c: Pick<Context<{ Bindings: Bindings }>, "req" | "env">): string;
  /** Whether the page that sends the request, if one does, may do so. */
  isAllowedOrigin(c: Context): boolean;
}

type Who = Omit<Caller, "renew">;

/** What a request brings to prove who sends it. */
interface Claims {
  readonly session: string | undefined;
  readonly token: string | undefined;
  /** As `cleanName` leaves it. */
  readonly name: string;
  readonly badge: string | undefined;
}

export interface AuthenticationOptions {
  readonly serviceToken: string | undefined;
  readonly allowedOrigins: readonly string[];
  /** How many proxies in front are ours. */
  readonly trustProxy: number;
  readonly auth: "guests" | "required";
  readonly accounts: Accounts;
  readonly sessions: Credentials;
  readonly tokens: Credentials;
  readonly guestIds: GuestIds;
  readonly log: Pick<Logger, "warn">;
}

/** Anybody can send any origin: the log tells of the first so many. */
const MOST_ORIGINS_TOLD = 100;
const MAX_ORIGIN_LENGTH = 200;

export const SESSION_COOKIE = "session";
export const GUEST_COOKIE = "guest";

export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { serviceToken, allowedOrigins, trustProxy, auth, accounts, sessions, tokens, guestIds, log } =
    options;
  /** Refused origins, with the hosts that they weren't of, which the log has told of. */
  const told = new Set<string>();

  async function byToken(token: string, name: string): Promise<Who | Refusal> {
    if (serviceToken !== undefined && isSame(token, serviceToken)) {
      return { user: service(name), by: "service", account: undefined, pass: undefined, endsAt: Infinity };
    }
    const { account, pass } = await tokens.bearer(token) ?? {};
    if (!pass) return "invalid_pass";
    const endsAt = tokens.endOf(pass);
    // An admin's program may do what an admin may: no more when the admin is none any longer.
    const isDemoted = pass.role === "service" && account && account.role !== "admin";
    if (isDemoted) return "invalid_pass";
    if (pass.role === "service") return { user: service(name), by: "token", account, pass, endsAt };
    return account ? { user: userOf(account), by: "token", account, pass, endsAt } : "invalid_pass";
  }

  async function identify({ session, token, name, badge }: Claims): Promise<Who | Refusal> {
    const { account, pass } = session ? await sessions.bearer(session) ?? {} : {};
    if (account && pass) {
      return { user: userOf(account), by: "session", account, pass, endsAt: sessions.endOf(pass) };
    }
    if (token !== undefined) return await byToken(token, name);
    if (auth === "required") return "guests_not_allowed";
    if (name && await accounts.owns(name)) return "name_taken";
    if (name && !isGuestName(name)) return "name_refused";
    const user = guest(name || ANONYMOUS, guestIds.idOf(badge));
    return { user, by: "guest", account: undefined, pass: undefined, endsAt: Infinity };
  }

  function withRenewal(who: Who, claims: Claims): Caller {
    const renew = async (name: string): Promise<Caller | undefined> => {
      const isStated = who.by === "guest" && name !== ANONYMOUS;
      const now = await identify(isStated ? { ...claims, name } : claims);
      // Whose session has ended may well be somebody still, but not the one who came in.
      const isSame = typeof now === "object" && now.by === who.by && now.pass?.id === who.pass?.id;
      return isSame ? withRenewal(now, claims) : undefined;
    };
    return { ...who, renew };
  }

  /** As a rule a proxy that passes on another `Host`, which nobody finds who doesn't see the two. */
  function tellOfOrigin(origin: string, host = ""): void {
    const pair = `${origin} ${host}`;
    if (told.has(pair) || told.size === MOST_ORIGINS_TOLD) return;
    told.add(pair);
    log.warn("origin_refused", {
      origin: origin.slice(0, MAX_ORIGIN_LENGTH),
      host: host.slice(0, MAX_ORIGIN_LENGTH),
      wanted: "a proxy that passes on Host with its port, or the origin in ALLOWED_ORIGINS",
    });
  }

  return {
    async caller(c) {
      const name = cleanName(c.req.query("username") ?? "");
      if (name === undefined) {
        throw new HttpError(400, "invalid_username", `A name has at most ${MAX_NAME_LENGTH} characters`);
      }
      const claims = {
        session: cookieIn(c, SESSION_COOKIE, trustProxy),
        token: tokenIn(c),
        name,
        badge: cookieIn(c, GUEST_COOKIE, trustProxy),
      };
      const who = await identify(claims);
      return typeof who === "object" ? withRenewal(who, claims) : who;
    },
    async account(c) {
      const text = cookieIn(c, SESSION_COOKIE, trustProxy);
      return text === undefined ? undefined : (await sessions.bearer(text))?.account;
    },
    address(c) {
      const forwarded = trustProxy ? c.req.header("x-forwarded-for")?.split(",").at(-trustProxy) : undefined;
      const { remoteAddr } = c.env.info;
      const peer = "hostname" in remoteAddr ? remoteAddr.hostname : "local";
      return clientAddress(forwarded ?? "") ?? clientAddress(peer) ?? peer;
    },
    isAllowedOrigin(c) {
      const origin = c.req.header("origin");
      if (origin === undefined) {
        // Programs state none; a browser always does when it opens a socket or changes something. Where a page hides
        // it, the browser still says that the page is another's.
        const site = c.req.header("sec-fetch-site");
        return site === undefined || site === "same-origin" || site === "none";
      }
      if (allowedOrigins.includes(origin)) return true;
      const host = c.req.header("host");
      if (URL.canParse(origin) && new URL(origin).host === host) return true;
      tellOfOrigin(origin, host);
      return false;
    },
  };
}

/** The user of an account. */
export function userOf({ id, displayName, role }: Account): User {
  return { id, name: displayName, isGuest: false, role };
}

/** Whether a request came over TLS, as far as we, or a proxy of ours, can tell. */
export function isSecure(c: Context, trustProxy: number): boolean {
  const forwarded = c.req.header("x-forwarded-proto")?.split(",").at(-1)?.trim();
  return c.req.url.startsWith("https:") || (trustProxy > 0 && forwarded === "https");
}

/** A cookie of ours; behind TLS only one that no other host and no page without TLS can have set. */
export function cookieIn(c: Context, name: string, trustProxy: number): string | undefined {
  if (c.req.header("cookie") === undefined) return undefined;
  return isSecure(c, trustProxy) ? getCookie(c, name, cookiePrefix(c)) : getCookie(c, name);
}

/** What names of our cookies begin with behind TLS: `__Host-`, or where they belong to a path, which that forbids, `__Secure-`. */
export function cookiePrefix(c: Context): "host" | "secure" {
  return siteOf(c).basePath ? "secure" : "host";
}

function tokenIn(c: Context): string | undefined {
  return /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? c.req.query("token");
}

/** Compares secrets in a time that doesn't tell how alike they are. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
