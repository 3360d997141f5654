/** `/api/tokens`: tokens for programs. A token can't make tokens: a stolen one could make its successor. */
import { Hono } from "hono";
import * as v from "valibot";
import { type Credential, type Credentials, SERVICE } from "../../rooms/access/credentials.ts";
import { viewCredential } from "./account_view.ts";
import type { ApiEnv } from "./gate.ts";
import { AccountError } from "../../rooms/access/accounts.ts";
import type { Caller, Refusal } from "../authentication.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NewToken = v.object({
  name: v.pipe(v.string('"name" must be text'), v.trim(), v.minLength(1, '"name" is empty'), v.maxLength(64)),
  role: v.optional(v.picklist(["user", "admin", "service"], '"role" must be service, or left out')),
  expires_in_days: v.optional(
    v.pipe(v.number('"expires_in_days" must be a number'), v.minValue(1), v.maxValue(3_650)),
  ),
});

/** The API of tokens. */
export function tokensApi(options: { sessions: Credentials; tokens: Credentials }): Hono<ApiEnv> {
  const { sessions, tokens } = options;
  const view = (token: Credential) => ({ ...viewCredential(token, tokens.endOf(token)), role: token.role });
  const app = new Hono<ApiEnv>();

  app.post("/", async (c) => {
    const { owner, isTrusted, ownRole, session } = ownerOf(c.var.caller);
    const { name, role, expires_in_days: days } = requestBody(NewToken, await jsonIn(c.req.raw));
    const isOwn = role !== "service" && owner !== SERVICE;
    if (!isOwn && !isTrusted) {
      throw new HttpError(403, "not_allowed", "Only admins make tokens of the service");
    }
    if (isOwn && role !== undefined && role !== ownRole) {
      throw new HttpError(403, "not_allowed", "A token has its owner's own role, or is the service's");
    }
    const lifeMs = days === undefined ? undefined : days * DAY_MS;
    // A session that a change of the password ends meanwhile must not leave a token behind.
    const unchanged = session && await sessions.proof(session);
    if (session && !unchanged) throw new AccountError("changed", "You have been signed out meanwhile");
    const { pass: token, text } = await tokens.issue(owner, {
      name,
      role: isOwn ? "own" : "service",
      lifeMs,
      unchanged,
    });
    return c.json({ ...view(token), token: text }, 201);
  });

  app.get("/", async (c) => {
    const { owner } = ownerOf(c.var.caller);
    return c.json({ tokens: (await tokens.list(owner)).map(view) });
  });

  app.delete("/:id", async (c) => {
    const { owner } = ownerOf(c.var.caller);
    if (await tokens.revoke(owner, c.req.param("id"))) return c.json({ ok: true });
    throw new HttpError(404, "not_found", "You have no such token");
  });

  return app;
}

/**
 * The account (or the service) whose tokens the caller may change.
 *
 * @throws {HttpError} 401 or 403 for others.
 */
function ownerOf(
  caller: Caller | Refusal,
): { owner: string; isTrusted: boolean; ownRole: string | undefined; session: Credential | undefined } {
  const { by, account, credential } = typeof caller === "object" ? caller : {};
  if (by === "service") return { owner: SERVICE, isTrusted: true, ownRole: undefined, session: undefined };
  if (by === "session" && account) {
    return {
      owner: account.id,
      isTrusted: account.role === "admin",
      ownRole: account.role,
      session: credential,
    };
  }
  if (by === "token") throw new HttpError(403, "not_allowed", "A token can't look after tokens: sign in");
  throw new HttpError(401, "not_signed_in", "Sign in first, or use the SERVICE_TOKEN of the configuration");
}
