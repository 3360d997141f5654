/** `/api/push`: the browsers to which an account's pushes go. */
import { Hono } from "hono";
import * as v from "valibot";
import { isPublicKey } from "../../rooms/notifications/push/push_keys.ts";
import type { Push } from "../../rooms/notifications/push/open_push.ts";
import { HttpError } from "../errors.ts";
import { accountOf, admitted, type ApiEnv } from "./gate.ts";
import { jsonIn, requestBody } from "./request_body.ts";

/** The secret that a browser states has 16 bytes, which are 22 characters of base64url. */
const SECRET = /^[\w-]{22}=*$/;
const Endpoint = v.string('"endpoint" must be the address that PushSubscription.toJSON() gives');
const Subscription = v.object({
  endpoint: Endpoint,
  keys: v.object(
    {
      p256dh: v.pipe(
        v.string('"p256dh" must be text'),
        v.check(isPublicKey, '"p256dh" must be the public key that PushSubscription.toJSON() gives'),
      ),
      auth: v.pipe(
        v.string('"auth" must be text'),
        v.regex(SECRET, '"auth" must be the secret that PushSubscription.toJSON() gives'),
      ),
    },
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
      await push.subscribe(id, { ...subscription, session: credential.id });
      return c.json({ ok: true }, 201);
    })
    .delete("/subscriptions", async (c) => {
      const { id } = accountOf(c.var.caller, REFUSAL);
      const { endpoint } = requestBody(Removal, await jsonIn(c.req.raw));
      await push.unsubscribe(id, endpoint);
      return c.json({ ok: true });
    });
}
