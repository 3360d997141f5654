/** `/api/notifications`: sending notifications, and reading one's own. */
import { Hono } from "hono";
import { decodeTime, ulid } from "ulid";
import * as v from "valibot";
import type { Accounts } from "../../rooms/access/accounts.ts";
import type { Idempotency } from "../../rooms/kv/idempotency_keys.ts";
import type { Inboxes, Listed } from "../../rooms/notifications/inboxes.ts";
import {
  MAX_MESSAGE_LENGTH,
  MAX_TITLE_LENGTH,
  MAX_URL_LENGTH,
  type Notification,
  safeUrl,
} from "../../rooms/notifications/notification.ts";
import { accountOf, admitted, type ApiEnv, tooManyCalls } from "./gate.ts";
import type { Caller, Refusal } from "../authentication.ts";
import { jsonIn, pageQuery, requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";
import { once } from "./idempotency_key.ts";
import { RateLimits } from "../rate_limits.ts";

/** Text, trimmed, without control characters but line breaks. */
const text = (field: string, most: number) =>
  v.pipe(
    v.string(`"${field}" must be text`),
    v.transform((text) => text.toWellFormed().replace(/\r\n?/g, "\n").replace(CONTROLS, "").trim()),
    v.minLength(1, `"${field}" must not be empty`),
    v.maxLength(most, `"${field}" must have at most ${most} characters`),
  );

const Post = v.object({
  user: v.pipe(v.string('"user" must be a user name'), v.maxLength(1_000, '"user" must be a user name')),
  title: text("title", MAX_TITLE_LENGTH),
  message: text("message", MAX_MESSAGE_LENGTH),
  url: v.optional(
    v.pipe(
      v.string('"url" must be text'),
      v.transform((url) => url === "" ? url : safeUrl(url)),
      v.string(
        `"url" must be an http(s) address, or a path of this service such as /chat/lobby/, with at most ${MAX_URL_LENGTH} characters`,
      ),
    ),
    "",
  ),
});

/** The most notifications in one answer. */
export const MAX_PAGE = 100;
const DEFAULT_PAGE = 30;
/** The most notifications to one account in a minute: a faulty backend must not fill its inbox. */
const NOTIFICATIONS_PER_MINUTE = 600;

const Query = v.object({
  unread: v.optional(v.picklist(["0", "1"], '"unread" must be 0 or 1'), "0"),
  ...pageQuery("a notification", { max: MAX_PAGE, byDefault: DEFAULT_PAGE }),
});

/** The API of notifications. */
export function notificationsApi(options: {
  accounts: Accounts;
  inboxes: Inboxes;
  idempotency: Idempotency;
  now: () => number;
}): Hono<ApiEnv> {
  const { accounts, inboxes, idempotency, now } = options;
  const app = new Hono<ApiEnv>();
  const limits = new RateLimits(NOTIFICATIONS_PER_MINUTE);

  app.get("/", async (c) => {
    const { id } = accountOf(c.var.caller, "The service has no notifications: ask as an account", {
      signInFirst: "Sign in first: notifications are people's own",
    });
    const { unread: asked, before, limit } = requestBody(Query, c.req.query());
    const { notifications, more, unread } = await inboxes.page(id, {
      before,
      limit,
      isUnread: asked === "1",
    });
    return c.json({ notifications: notifications.map(view), more, unread });
  });

  app.post("/", async (c) => {
    refuseOthers(c.var.caller);
    const body = await jsonIn(c.req.raw);
    const { user, ...written } = requestBody(Post, body);
    const answer = await once(c, idempotency, { scope: "notifications", body }, async (key) => {
      const account = await accounts.owner(user);
      if (!account) throw noSuchAccount(user);
      const limiter = limits.of(account.id);
      if (!limiter.tryRemoveTokens(1)) throw tooManyCalls(limiter.getWaitTime(1));
      const id = key ?? ulid(now());
      const timestamp = new Date(decodeTime(id)).toISOString();
      // An inbox stores each id once.
      if (!await inboxes.deliver(account.id, [{ id, ...written, timestamp }])) throw noSuchAccount(user);
      return { user: account.username, id, timestamp };
    });
    const notification: Notification = { ...written, id: answer.id, timestamp: answer.timestamp };
    return c.json({ user: answer.user, ...view({ ...notification, read: false }) }, 201);
  });

  return app;
}

function view({ id, title, message, url, timestamp, read }: Listed): Listed {
  return { id, title, message, url, timestamp, read };
}

function noSuchAccount(name: string): HttpError {
  return new HttpError(404, "not_found", `There is no account called ${name.slice(0, 64)}`);
}

/** @throws {HttpError} unless the caller is the service or an admin. */
function refuseOthers(caller: Caller | Refusal): void {
  const { isGuest, role } = admitted(caller).user;
  if (isGuest) {
    throw new HttpError(401, "not_signed_in", "Notifying needs the service's token: Authorization: Bearer …");
  }
  if (role === "user") throw new HttpError(403, "not_allowed", "Notifying is for the service and for admins");
}

// deno-lint-ignore no-control-regex -- these characters are removed
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
