/** `/api/session`, `/api/sessions`, `/api/account`: signing in and out, and one's own account. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { foldName } from "../../rooms/access/account_name.ts";
import type { Account, Accounts } from "../../rooms/access/accounts.ts";
import type { SignInThrottle } from "../../rooms/access/sign_in_throttle.ts";
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

/** The cookie of a browser that has signed in before: proofs for the names, whose failures elsewhere it doesn't wait for. */
const KNOWN_COOKIE = "known";
const KNOWN_LIFE_MS = 365 * 24 * 60 * 60 * 1000;
/** People who share a browser. */
const MOST_KNOWN = 8;
/** So much of a name tells whose password is guessed at. */
const MAX_KEY_LENGTH = 128;
/** What a browser says that it is, so much of it. */
const MAX_BROWSER_LENGTH = 200;

/** Somebody whose password it was, as long as the account is unchanged. */
interface Proof {
  readonly account: Account;
  readonly unchanged: Deno.AtomicCheck;
}

/** Somebody who is signed in, by a session and not by a program's token. */
interface SignedIn {
  readonly account: Account;
  readonly pass: Credential;
}

export function sessionApi(options: {
  accounts: Accounts;
  sessions: Credentials;
  tokens: Credentials;
  attempts: SignInThrottle;
  guestIds: GuestIds;
  authentication: Authentication;
  log: Logger;
  trustProxy: number;
}): Hono<ApiEnv> {
  const { accounts, sessions, tokens, attempts, guestIds, authentication, log } = options;
  const app = new Hono<ApiEnv>();

  /** The account whose password this is. Throws {@link HttpError}, which says the same whatever is wrong. */
  async function proved(c: Context<ApiEnv>, username: string, password: string): Promise<Proof> {
    const name = foldName(username).slice(0, MAX_KEY_LENGTH);
    const address = authentication.address(c);
    const proofs = (cookieIn(c, KNOWN_COOKIE, options.trustProxy) ?? "").split(" ").filter(Boolean);
    const browser = proofs.map((proof) => guestIds.vouchedFor(name, proof)).find((id) => id !== undefined);
    const waitMs = attempts.begin(name, address, browser);
    if (waitMs) throw new HttpError(429, "rate_limited", "Too many tries; wait a moment", waitMs);
    const proof = await accounts.signIn(username, password);
    if (!proof) {
      log.warn("sign_in_failed", { address });
      throw new HttpError(401, "wrong_password", "The name or the password is wrong");
    }
    attempts.succeed(name, address, browser);
    // Only browsers say this; programs keep no cookies.
    if (browser === undefined && c.req.header("sec-fetch-site")) {
      const kept = [guestIds.vouch(name), ...proofs].slice(0, MOST_KNOWN).join(" ");
      keepCookie(c, KNOWN_COOKIE, kept, { ...options, lifeMs: KNOWN_LIFE_MS });
    }
    return proof;
  }

  /** The same for somebody who is signed in: what is wrong can only be the password. */
  async function provedOwn(c: Context<ApiEnv>, { username }: Account, password: string): Promise<void> {
    try {
      await proved(c, username, password);
    } catch (error) {
      const isWrong = error instanceof HttpError && error.code === "wrong_password";
      throw isWrong ? new HttpError(401, "wrong_own_password", "Your password is wrong") : error;
    }
  }

  /** Begins a new session, in whose place none from before stays. */
  async function begin(
    c: Context<ApiEnv>,
    { account: { id }, unchanged }: { account: Account; unchanged?: Deno.AtomicCheck },
  ): Promise<void> {
    const caller = c.var.caller;
    if (isSession(caller)) await sessions.revoke(caller.account.id, caller.pass.id);
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
      await sessions.revoke(caller.account.id, caller.pass.id);
      log.info("session_ended", { account: caller.account.id });
    }
    dropCookie(c, SESSION_COOKIE, options);
    return c.json({ ok: true });
  });

  app.get("/sessions", async (c) => {
    const { account, pass: own } = signedIn(c.var.caller);
    const passes = await sessions.list(account.id);
    const views = passes.map((pass) => ({
      ...viewCredential(pass, sessions.endOf(pass)),
      current: pass.id === own.id,
    }));
    return c.json({ sessions: views });
  });

  app.delete("/sessions", async (c) => {
    const { account, pass } = signedIn(c.var.caller);
    await sessions.revokeAll(account.id, pass.id);
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
    // Whoever knew the old password is out.
    await sessions.revokeAll(account.id);
    // After the sessions: none of them can make another token then.
    if (!keepsTokens) await tokens.revokeAll(account.id);
    await begin(c, { account });
    return c.json({ ok: true });
  });

  /** What others read from the next connection on. */
  app.patch("/account", async (c) => {
    const { account } = signedIn(c.var.caller);
    const { display_name: name } = requestBody(Rename, await jsonIn(c.req.raw));
    await accounts.changeDisplayName(account.id, name.trim() || account.username);
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

/** Whoever is signed in. Throws {@link HttpError}. */
export function signedIn(caller: Caller | Refusal): SignedIn {
  if (isSession(caller)) return caller;
  throw new HttpError(401, "not_signed_in", "Sign in first");
}

function isSession(caller: Caller | Refusal): caller is Caller & SignedIn {
  return typeof caller === "object" && caller.by === "session";
}
