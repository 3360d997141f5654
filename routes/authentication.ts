/** Authentication: the user who sends a request, and the address from which it comes. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { isGuestName } from "../rooms/access/account_name.ts";
import type { Account, Accounts } from "../rooms/access/accounts.ts";
import type { GuestIds } from "../rooms/access/guest_id.ts";
import type { Bans } from "../rooms/access/moderation/bans.ts";
import type { Admission, Invitations } from "../rooms/access/invitations/invitations.ts";
import type { Credential, Credentials } from "../rooms/access/credentials.ts";
import {
  ANONYMOUS,
  cleanName,
  guest,
  MAX_NAME_LENGTH,
  service,
  type Standing,
  type User,
} from "../rooms/user.ts";
import { siteOf } from "./pages/base_path.ts";
import { clientAddress } from "./client_address.ts";
import { HttpError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import type { Upgrader } from "./sockets/socket.ts";

/** What the listener knows about a request, passed to the app as its bindings. */
export interface Bindings {
  readonly info: Deno.ServeHandlerInfo;
  /** Upgrades the request to a socket. */
  readonly upgrade: Upgrader;
}

/** Who sends a request, and by which credential. */
export interface Caller {
  readonly user: User;
  /** `service`: the SERVICE_TOKEN of the configuration. */
  readonly by: "session" | "token" | "service" | "guest";
  readonly account: Account | undefined;
  /** The session or the token; `undefined` for guests and the SERVICE_TOKEN. */
  readonly credential: Credential | undefined;
  /** When the credential expires, in ms since the epoch; `Infinity` = never. */
  readonly endsAt: number;
  /**
   * Authenticates the same caller again; `undefined` when that fails by now. `name` is a guest's present name: guests may
   * come without one and state it in a message.
   */
  renew(name: string): Promise<Caller | undefined>;
}

/** Why a caller isn't admitted. */
export type Refusal = "invalid_credential" | "guests_not_allowed" | "name_taken" | "name_refused";

/** Finds out who sends requests. */
export interface Authentication {
  /**
   * The caller: by the session's cookie, else by a token, else a guest under `?username=`. Where a request is about a room,
   * `target` says which, and the user has a standing there.
   *
   * @throws {HttpError} 400 when that name is too long.
   */
  caller(c: Context, target?: RoomTarget): Promise<Caller | Refusal>;
  /** The account of the request's session; `undefined` without one. */
  account(c: Context): Promise<Account | undefined>;
  /** The caller's address as limits count it ({@link clientAddress}), behind our own proxies. */
  address(c: Pick<Context<{ Bindings: Bindings }>, "req" | "env">): string;
  /**
   * Requests that change something or open a socket come from programs or allowed pages.
   *
   * @throws {HttpError} 403 for other pages.
   */
  requireAllowedOrigin(c: Context): void;
}

/** The room that a request is about. */
export interface RoomTarget {
  readonly room: string;
  /** The id of the invitation whose code the request itself has. */
  readonly invitation?: string;
}

type Who = Omit<Caller, "renew">;

/** The credentials in a request. */
interface Claims {
  readonly session: string | undefined;
  readonly token: string | undefined;
  /** The result of `cleanName`; "" without a name. */
  readonly name: string;
  readonly badge: string | undefined;
  readonly target: RoomTarget | undefined;
  readonly address: string;
}

/** What {@link createAuthentication} works with. */
export interface AuthenticationOptions {
  readonly serviceToken: string | undefined;
  readonly allowedOrigins: readonly string[];
  /** The number of our own proxies in front. */
  readonly trustProxy: number;
  readonly auth: "guests" | "required";
  readonly accounts: Accounts;
  readonly sessions: Credentials;
  readonly tokens: Credentials;
  readonly guestIds: GuestIds;
  readonly invitations: Pick<Invitations, "admission">;
  readonly bans: Pick<Bans, "has">;
  readonly log: Pick<Logger, "warn">;
}

/** At most this many refused origins are logged: anybody can send any origin. */
const MAX_LOGGED_ORIGINS = 100;
const MAX_ORIGIN_LENGTH = 200;

/** The name of the cookie with a session. */
export const SESSION_COOKIE = "session";
/** The name of the cookie with a guest's id. */
export const GUEST_COOKIE = "guest";

/** Authenticates by accounts, sessions and tokens in KV, and the configuration. */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { serviceToken, allowedOrigins, trustProxy, auth, accounts, sessions, tokens, guestIds } = options;
  const { invitations, bans, log } = options;
  /** Refused origins with the hosts that they were sent to, as logged. */
  const logged = new Set<string>();

  async function byToken(token: string, name: string): Promise<Who | Refusal> {
    if (serviceToken !== undefined && isSame(token, serviceToken)) {
      return {
        user: service(name),
        by: "service",
        account: undefined,
        credential: undefined,
        endsAt: Infinity,
      };
    }
    const { account, credential } = await tokens.bearer(token) ?? {};
    if (!credential) return "invalid_credential";
    const endsAt = tokens.endOf(credential);
    // A service token that an admin made is void once its owner isn't an admin.
    const isDemoted = credential.role === "service" && account && account.role !== "admin";
    if (isDemoted) return "invalid_credential";
    if (credential.role === "service") {
      return { user: service(name), by: "token", account, credential, endsAt };
    }
    return account
      ? { user: userOf(account), by: "token", account, credential, endsAt }
      : "invalid_credential";
  }

  async function identify(claims: Claims): Promise<Who | Refusal> {
    const who = await byCredential(claims);
    if (typeof who !== "object" || claims.target === undefined) return who;
    const { target, address } = claims;
    const [admission, isBanned] = await Promise.all([
      admissionOf(who.user, target),
      bans.has(target.room, who.user, address),
    ]);
    if (!admission && !isBanned) return who;
    const standing: Standing = { invitation: admission?.invitation, isBanned: isBanned || undefined };
    const endsAt = Math.min(who.endsAt, admission?.endsAt ?? Infinity);
    return { ...who, user: { ...who.user, standing }, endsAt };
  }

  function admissionOf({ id }: User, { room, invitation }: RoomTarget): Promise<Admission | undefined> {
    return invitations.admission(room, id, invitation);
  }

  async function byCredential({ session, token, name, badge, target }: Claims): Promise<Who | Refusal> {
    const { account, credential } = session ? await sessions.bearer(session) ?? {} : {};
    if (account && credential) {
      return {
        user: userOf(account),
        by: "session",
        account,
        credential,
        endsAt: sessions.endOf(credential),
      };
    }
    if (token !== undefined) return await byToken(token, name);
    const user = guest(name || ANONYMOUS, guestIds.idOf(badge));
    if (auth === "required" && !(target && await admissionOf(user, target))) return "guests_not_allowed";
    if (name && await accounts.ownsAlike(name)) return "name_taken";
    if (name && !isGuestName(name)) return "name_refused";
    return { user, by: "guest", account: undefined, credential: undefined, endsAt: Infinity };
  }

  function withRenewal(who: Who, claims: Claims): Caller {
    const renew = async (name: string): Promise<Caller | undefined> => {
      const isStated = who.by === "guest" && name !== ANONYMOUS;
      const now = await identify(isStated ? { ...claims, name } : claims);
      // Without the session or token, the request would authenticate as somebody else.
      const isSame = typeof now === "object" && now.by === who.by &&
        now.credential?.id === who.credential?.id;
      return isSame ? withRenewal(now, claims) : undefined;
    };
    return { ...who, renew };
  }

  function addressOf(c: Pick<Context<{ Bindings: Bindings }>, "req" | "env">): string {
    const forwarded = trustProxy ? c.req.header("x-forwarded-for")?.split(",").at(-trustProxy) : undefined;
    const { remoteAddr } = c.env.info;
    const peer = "hostname" in remoteAddr ? remoteAddr.hostname : "local";
    return clientAddress(forwarded ?? "") ?? clientAddress(peer) ?? peer;
  }

  /** Usually a proxy that forwards another `Host`: the operator needs to see both to find that. */
  function logRefusedOrigin(origin: string, host = ""): void {
    const pair = `${origin} ${host}`;
    if (logged.has(pair) || logged.size === MAX_LOGGED_ORIGINS) return;
    logged.add(pair);
    log.warn("origin_refused", {
      origin: origin.slice(0, MAX_ORIGIN_LENGTH),
      host: host.slice(0, MAX_ORIGIN_LENGTH),
      wanted: "a proxy that passes on Host with its port, or the origin in ALLOWED_ORIGINS",
    });
  }

  function isAllowedOrigin(c: Context): boolean {
    const origin = c.req.header("origin");
    if (origin === undefined) {
      // Programs send none; browsers always do when they open a socket or change something. When a page hides it, the
      // browser still says that the page is cross-site.
      const site = c.req.header("sec-fetch-site");
      return site === undefined || site === "same-origin" || site === "none";
    }
    if (allowedOrigins.includes(origin)) return true;
    const host = c.req.header("host");
    if (URL.canParse(origin) && new URL(origin).host === host) return true;
    logRefusedOrigin(origin, host);
    return false;
  }

  return {
    async caller(c, target) {
      const name = cleanName(c.req.query("username") ?? "");
      if (name === undefined) {
        throw new HttpError(400, "invalid_username", `A name has at most ${MAX_NAME_LENGTH} characters`);
      }
      const claims = {
        session: cookieIn(c, SESSION_COOKIE, trustProxy),
        token: tokenIn(c),
        name,
        badge: cookieIn(c, GUEST_COOKIE, trustProxy),
        target,
        address: addressOf(c),
      };
      const who = await identify(claims);
      return typeof who === "object" ? withRenewal(who, claims) : who;
    },
    async account(c) {
      const text = cookieIn(c, SESSION_COOKIE, trustProxy);
      return text === undefined ? undefined : (await sessions.bearer(text))?.account;
    },
    address: addressOf,
    requireAllowedOrigin(c) {
      if (isAllowedOrigin(c)) return;
      throw new HttpError(
        403,
        "origin_not_allowed",
        "Pages of this origin may not use this service: see ALLOWED_ORIGINS",
      );
    },
  };
}

/** The user of an account. */
export function userOf({ id, displayName, role }: Account): User {
  return { id, name: displayName, isGuest: false, role };
}

/** Whether a request came over TLS, to us or to a proxy of ours. */
export function isSecure(c: Context, trustProxy: number): boolean {
  const forwarded = c.req.header("x-forwarded-proto")?.split(",").at(-1)?.trim();
  return c.req.url.startsWith("https:") || (trustProxy > 0 && forwarded === "https");
}

/** The value of a cookie of ours; over TLS only of one that no other host and no page without TLS can have set. */
export function cookieIn(c: Context, name: string, trustProxy: number): string | undefined {
  if (c.req.header("cookie") === undefined) return undefined;
  return isSecure(c, trustProxy) ? getCookie(c, name, cookiePrefix(c)) : getCookie(c, name);
}

/** The prefix of our cookies over TLS: `__Host-`, or `__Secure-` below a base path, which `__Host-` forbids. */
export function cookiePrefix(c: Context): "host" | "secure" {
  return siteOf(c).basePath ? "secure" : "host";
}

function tokenIn(c: Context): string | undefined {
  return /^Bearer\b\s*(.*)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? c.req.query("token");
}

/** Compares secrets in a time that doesn't depend on how many characters agree. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
