/** `/api/session`, `/api/sessions`, `/api/account`: signing in and out, and the caller's own account. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { foldName } from "../../rooms/access/fold_name.ts";
import { type Account, type Accounts, nameTaken } from "../../rooms/access/accounts.ts";
import type { SignInThrottle } from "../../rooms/access/sign_in_throttle.ts";
import type { SignInLinks } from "../../rooms/access/invitations/sign_in_links.ts";
import type { GuestIds } from "../../rooms/access/guest_id.ts";
import { type Credential, type Credentials, SESSION_LIFE_MS } from "../../rooms/access/credentials.ts";
import { viewAccount, viewCaller, viewCredential } from "./account_view.ts";
import { admitted, type ApiEnv } from "./gate.ts";
import {
  type Authentication,
  type Caller,
  cookieIn,
  type Refusal,
  SESSION_COOKIE,
} from "../authentication.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { dropCookie, keepCookie } from "../cookies.ts";
import { HttpError } from "../errors.ts";
import type { Logger } from "../logger.ts";

const password = (field: string) => v.pipe(v.string(`"${field}" must be text`), v.maxLength(1_000));
const SignIn = v.object({
  username: v.pipe(v.string('"username" must be text'), v.maxLength(1_000)),
  password: password("password"),
});
const NewPassword = v.object({
  password: password("password"),
  new_password: password("new_password"),
  keep_tokens: v.optional(v.boolean('"keep_tokens" must be true or false'), false),
});
const Rename = v.object({
  display_name: v.pipe(v.string('"display_name" must be text'), v.maxLength(1_000)),
});
const Farewell = v.object({ password: password("password") });

/** The cookie of a browser that has signed in before: for each name a proof, with which failures elsewhere don't delay it. */
const KNOWN_COOKIE = "known";
const KNOWN_LIFE_MS = 365 * 24 * 60 * 60 * 1000;
/** The most proofs in one browser, which people may share. */
const MAX_KNOWN = 8;
/** Failed attempts are counted by a name cut to this many characters. */
const MAX_KEY_LENGTH = 128;
/** Characters of `User-Agent` that are stored with a session. */
const MAX_BROWSER_LENGTH = 200;

/** An account whose password was right, and the check that it is unchanged since. */
interface Proof {
  readonly account: Account;
  readonly unchanged: Deno.AtomicCheck;
}

/** A caller with a session, not a token. */
interface SignedIn {
  readonly account: Account;
  readonly credential: Credential;
}

/** The API of sessions and of the caller's own account. */
export function sessionApi(options: {
  accounts: Accounts;
  sessions: Credentials;
  tokens: Credentials;
  signInThrottle: SignInThrottle;
  guestIds: GuestIds;
  signInLinks: SignInLinks;
  authentication: Authentication;
  log: Logger;
  trustProxy: number;
}): Hono<ApiEnv> {
  const { accounts, sessions, tokens, signInThrottle, guestIds, authentication, log } = options;
  const app = new Hono<ApiEnv>();

  /**
   * Checks a password.
   *
   * @throws {HttpError} 401, the same for a wrong name and a wrong password; 429 after many failures.
   */
  async function proved(c: Context<ApiEnv>, username: string, password: string): Promise<Proof> {
    const name = foldName(username).slice(0, MAX_KEY_LENGTH);
    const address = authentication.address(c);
    const proofs = (cookieIn(c, KNOWN_COOKIE, options.trustProxy) ?? "").split(" ").filter(Boolean);
    const browser = proofs.map((proof) => guestIds.vouchedFor(name, proof)).find((id) => id !== undefined);
    const waitMs = signInThrottle.begin(name, address, browser);
    if (waitMs) throw new HttpError(429, "rate_limited", "Too many tries; wait a moment", waitMs);
    const proof = await accounts.signIn(username, password);
    if (!proof) {
      log.warn("sign_in_failed", { address });
      throw new HttpError(401, "wrong_password", "The name or the password is wrong");
    }
    signInThrottle.succeed(name, address, browser);
    // Only browsers send this header; programs keep no cookies.
    if (browser === undefined && c.req.header("sec-fetch-site")) {
      const kept = [guestIds.vouch(name), ...proofs].slice(0, MAX_KNOWN).join(" ");
      keepCookie(c, KNOWN_COOKIE, kept, { ...options, lifeMs: KNOWN_LIFE_MS });
    }
    return proof;
  }

  /** Checks the password of somebody who is signed in; the error says that it is the password that is wrong. */
  async function provedOwn(c: Context<ApiEnv>, { username }: Account, password: string): Promise<void> {
    try {
      await proved(c, username, password);
    } catch (error) {
      const isWrong = error instanceof HttpError && error.code === "wrong_password";
      throw isWrong ? new HttpError(401, "wrong_own_password", "Your password is wrong") : error;
    }
  }

  /** Begins a session, and ends the one that the caller had.  */
  async function begin(
    c: Context<ApiEnv>,
    { account: { id }, unchanged }: { account: Account; unchanged?: Deno.AtomicCheck },
  ): Promise<void> {
    const caller = c.var.caller;
    if (isSession(caller)) await sessions.revoke(caller.account.id, caller.credential.id);
    const name = (c.req.header("user-agent") ?? "").slice(0, MAX_BROWSER_LENGTH);
    const { text } = await sessions.issue(id, { name, role: "own", lifeMs: SESSION_LIFE_MS, unchanged });
    keepCookie(c, SESSION_COOKIE, text, { ...options, lifeMs: SESSION_LIFE_MS });
    log.info("session_begun", { account: id });
  }

  app.post("/session", async (c) => {
    const { username, password } = requestBody(SignIn, await jsonIn(c.req.raw));
    const proof = await proved(c, username, password);
    await begin(c, proof);
    return c.json({ user: viewAccount(proof.account) });
  });

  app.get("/session", (c) => c.json({ user: viewCaller(admitted(c.var.caller)) }));

  app.delete("/session", async (c) => {
    const caller = c.var.caller;
    if (isSession(caller)) {
      await sessions.revoke(caller.account.id, caller.credential.id);
      log.info("session_ended", { account: caller.account.id });
    }
    dropCookie(c, SESSION_COOKIE, options);
    return c.json({ ok: true });
  });

  app.get("/sessions", async (c) => {
    const { account, credential: own } = signedIn(c.var.caller);
    const all = await sessions.list(account.id);
    const views = all.map((session) => ({
      ...viewCredential(session, sessions.endOf(session)),
      current: session.id === own.id,
    }));
    return c.json({ sessions: views });
  });

  app.delete("/sessions", async (c) => {
    const { account, credential } = signedIn(c.var.caller);
    await sessions.revokeAll(account.id, credential.id);
    return c.json({ ok: true });
  });

  app.delete("/sessions/:id", async (c) => {
    const { account } = signedIn(c.var.caller);
    if (await sessions.revoke(account.id, c.req.param("id"))) return c.json({ ok: true });
    throw new HttpError(404, "not_found", "You have no such session");
  });

  app.post("/account/password", async (c) => {
    const { account } = signedIn(c.var.caller);
    const { password, new_password: next, keep_tokens: keepsTokens } = requestBody(
      NewPassword,
      await jsonIn(c.req.raw),
    );
    await provedOwn(c, account, password);
    await accounts.changePassword(account.id, next);
    // Signs out everybody who knew the old password.
    await sessions.revokeAll(account.id);
    // After the sessions, so that none of them can make another token.
    if (!keepsTokens) await tokens.revokeAll(account.id);
    await options.signInLinks.revokeAll(account.id);
    await begin(c, { account });
    return c.json({ ok: true });
  });

  /** Changes the display name, from the next connection on. */
  app.patch("/account", async (c) => {
    const { account } = signedIn(c.var.caller);
    const { display_name: stated } = requestBody(Rename, await jsonIn(c.req.raw));
    const name = stated.trim() || account.username;
    if (await accounts.ownsAlike(name, account.id)) throw nameTaken();
    await accounts.changeDisplayName(account.id, name);
    return c.json({ user: viewAccount({ ...account, ...await accounts.byId(account.id) }) });
  });

  app.delete("/account", async (c) => {
    const { account } = signedIn(c.var.caller);
    const { password } = requestBody(Farewell, await jsonIn(c.req.raw));
    await provedOwn(c, account, password);
    await accounts.remove(account.id);
    await sessions.revokeAll(account.id);
    await tokens.revokeAll(account.id);
    dropCookie(c, SESSION_COOKIE, options);
    return c.json({ ok: true });
  });

  return app;
}

/**
 * The caller, who has a session.
 *
 * @throws {HttpError} 401 for others.
 */
export function signedIn(caller: Caller | Refusal): SignedIn {
  if (isSession(caller)) return caller;
  throw new HttpError(401, "not_signed_in", "Sign in first");
}

function isSession(caller: Caller | Refusal): caller is Caller & SignedIn {
  return typeof caller === "object" && caller.by === "session";
}
