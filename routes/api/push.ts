/** `/api/push`: the browsers to which an account's pushes go. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Push } from "../../rooms/notifications/push/open_push.ts";
import { HttpError } from "../errors.ts";
import { accountOf, admitted, type ApiEnv } from "./gate.ts";
import { jsonIn, requestBody } from "./request_body.ts";

/** A public key has 65 bytes, a secret 16: so many characters of base64url. */
const key = (field: string, length: number) =>
  v.pipe(
    v.string(`"${field}" must be text`),
    v.regex(
      new RegExp(`^[\\w-]{${length}}=*$`),
      `"${field}" must be the key that PushSubscription.toJSON() gives`,
    ),
  );
const Endpoint = v.string('"endpoint" must be the address that PushSubscription.toJSON() gives');
const Subscription = v.object({
  endpoint: Endpoint,
  keys: v.object(
    { p256dh: key("p256dh", 87), auth: key("auth", 22) },
    '"keys" must have "p256dh" and "auth"',
  ),
});
const Removal = v.object({ endpoint: Endpoint });

/** The API of pushes. */
export function pushApi(
  push: Pick<Push, "pushKey" | "isPushEndpoint" | "subscribe" | "unsubscribe">,
): Hono<ApiEnv> {
  const REFUSAL = "The service gets no pushes: ask as an account";
  return new Hono<ApiEnv>()
    .get("/key", (c) => c.json({ key: push.pushKey ?? null }))
    .post("/subscriptions", async (c) => {
      if (push.pushKey === undefined) {
        throw new HttpError(404, "no_pushes", "This service sends no pushes: PUSH_SUBJECT is not set");
      }
      const { id } = accountOf(c.var.caller, REFUSAL);
      const { by, credential } = admitted(c.var.caller);
      if (by !== "session" || !credential) {
        throw new HttpError(403, "not_allowed", "Pushes go to browsers that are signed in, not to programs");
      }
      const subscription = requestBody(Subscription, await jsonIn(c.req.raw));
      if (!push.isPushEndpoint(subscription.endpoint)) {
        throw new HttpError(
          400,
          "unknown_push_service",
          '"endpoint" must be at a known push service, or at one of PUSH_ORIGINS',
        );
      }
      if (!await push.subscribe(id, { ...subscription, session: credential.id })) {
        throw new HttpError(400, "invalid_request", '"p256dh" must be a public key of the curve P-256');
      }
      return c.json({ ok: true }, 201);
    })
    .delete("/subscriptions", async (c) => {
      const { id } = accountOf(c.var.caller, REFUSAL);
      const { endpoint } = requestBody(Removal, await jsonIn(c.req.raw));
      await push.unsubscribe(id, endpoint);
      return c.json({ ok: true });
    });
}
