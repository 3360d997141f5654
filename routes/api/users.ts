/** `/api/users`: accounts, for admins and the service; and for everybody making an account where sign-up is open. */
import { Hono } from "hono";
import * as v from "valibot";
import { type Account, type Accounts, nameTaken } from "../../rooms/access/accounts.ts";
import { SIGN_IN_LINK_MS, type SignInLinks } from "../../rooms/access/invitations/sign_in_links.ts";
import type { Credentials } from "../../rooms/access/credentials.ts";
import { viewAccount } from "./account_view.ts";
import type { ApiEnv } from "./gate.ts";
import type { Authentication, Caller, Refusal } from "../authentication.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";
import { isAdminOrService, refusal, refuseTokens, requireAdmin } from "./require_admin.ts";
import { RateLimits } from "../rate_limits.ts";

const role = v.optional(v.picklist(["user", "admin"], '"role" must be user or admin'));
const text = (field: string) => v.pipe(v.string(`"${field}" must be text`), v.maxLength(1_000));
const NewUser = v.object({
  username: text("username"),
  password: text("password"),
  display_name: v.optional(text("display_name")),
  role,
});
const Change = v.object({
  role,
  password: v.optional(text("password")),
  keep_tokens: v.optional(v.boolean('"keep_tokens" must be true or false'), false),
});

/** The API of accounts. */
export function usersApi(options: {
  accounts: Accounts;
  sessions: Credentials;
  tokens: Credentials;
  signInLinks: SignInLinks;
  authentication: Authentication;
  signup: "open" | "closed";
  /** For each address; 0 = off. */
  signupsPerHour: number;
  now: () => number;
}): Hono<ApiEnv> {
  const { accounts, sessions, tokens, signInLinks, authentication, signup } = options;
  const app = new Hono<ApiEnv>();
  const signups = options.signupsPerHour ? new RateLimits(options.signupsPerHour, "hour") : undefined;

  async function named(username: string): Promise<Account> {
    const account = await accounts.named(username);
    if (account) return account;
    throw new HttpError(404, "not_found", "There is no account of that name");
  }

  app.post("/", async (c) => {
    const mayManage = isAdminOrService(c.var.caller);
    if (!mayManage && signup !== "open") throw refusal(c.var.caller, "Accounts are made by an admin here");
    const { username, password, display_name: displayName, role } = requestBody(
      NewUser,
      await jsonIn(c.req.raw),
    );
    if (!mayManage && role === "admin") throw refusal(c.var.caller, "Only admins make admins");
    if (role === "admin") refuseTokens(c.var.caller, "Making an admin");
    const limiter = mayManage ? undefined : signups?.of(authentication.address(c));
    if (limiter && !limiter.tryRemoveTokens(1)) {
      const sentence = "Many accounts were made from this address within the hour; try again later";
      throw new HttpError(429, "too_many_signups", sentence, limiter.getWaitTime(1));
    }
    // Admins know whom they make accounts for: Elia and Ella may both be there.
    const names = mayManage ? [] : [username, displayName ?? ""];
    for (const name of names) if (name && await accounts.ownsAlike(name)) throw nameTaken();
    const account = await accounts.create({ username, password, displayName, role: role ?? "user" });
    return c.json({ user: viewAccount(account) }, 201);
  });

  app.use(requireAdmin("Accounts are for admins to look after"));

  app.get("/", async (c) => c.json({ users: await Array.fromAsync(accounts.list(), viewAccount) }));

  app.patch("/:username", async (c) => {
    const { id } = await named(c.req.param("username"));
    const { role, password, keep_tokens: keepsTokens }: v.InferOutput<typeof Change> = requestBody(
      Change,
      await jsonIn(c.req.raw),
    );
    if (role === "admin") refuseTokens(c.var.caller, "Making an admin");
    if (password !== undefined) {
      refuseTokens(c.var.caller, "Setting a password");
      await accounts.changePassword(id, password);
      // An admin who sets their own password stays signed in here.
      await sessions.revokeAll(id, ownCredential(c.var.caller, id));
      if (!keepsTokens) await tokens.revokeAll(id);
      await signInLinks.revokeAll(id);
    }
    if (role !== undefined) await accounts.changeRole(id, role);
    return c.json({ user: viewAccount(await named(c.req.param("username"))) });
  });

  /** Makes a link that signs the account in once, for a week. */
  app.post("/:username/sign_in_link", async (c) => {
    refuseTokens(c.var.caller, "Making a sign-in link");
    const { id } = await named(c.req.param("username"));
    const link = await signInLinks.create(id);
    return c.json({ link, expires: new Date(options.now() + SIGN_IN_LINK_MS).toISOString() }, 201);
  });

  app.delete("/:username", async (c) => {
    // Making the account anew would set its password.
    refuseTokens(c.var.caller, "Deleting an account");
    const { id } = await named(c.req.param("username"));
    await accounts.remove(id);
    await sessions.revokeAll(id);
    await tokens.revokeAll(id);
    return c.json({ ok: true });
  });

  return app;
}

/** The id of the caller's session or token, where the account is the caller's own. */
function ownCredential(caller: Caller | Refusal, account: string): string | undefined {
  return typeof caller === "object" && caller.user.id === account ? caller.credential?.id : undefined;
}
