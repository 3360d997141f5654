/** `/api/events`: events that backends post to the dashboards, and those of the last day. */
import { Hono } from "hono";
import * as v from "valibot";
import { type EventFeed, MAX_EVENT_LENGTH, type PastEvent } from "../../rooms/stats/event_feed.ts";
import type { Idempotency } from "../../rooms/kv/idempotency_keys.ts";
import { type ApiEnv, isService } from "./gate.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";
import { once } from "./idempotency_key.ts";
import { refusal, requireAdmin } from "./require_admin.ts";

/** Types that the service itself sends to dashboards. */
const RESERVED: ReadonlySet<string> = new Set([
  "initial_stats",
  "stats_update",
  "alert",
  "closing",
  "error",
]);
/** The most past events in an answer. */
const PAST = 200;

const NewEvent = v.looseObject({
  type: v.pipe(
    v.string('"type" must be text'),
    v.regex(/^[a-z][a-z0-9_]{0,63}$/, '"type" must be a word such as new_order'),
    v.check((type) => !RESERVED.has(type), '"type" is one that the service itself sends'),
  ),
});

/** The API of events. */
export function eventsApi(
  { feed, idempotency }: { feed: EventFeed; idempotency: Idempotency },
): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.post("/", async (c) => {
    if (!isService(c.var.caller)) {
      throw refusal(c.var.caller, "Events need the service's token: Authorization: Bearer …");
    }
    const event = requestBody(NewEvent, await jsonIn(c.req.raw));
    if (JSON.stringify(event).length > MAX_EVENT_LENGTH) {
      throw new HttpError(413, "too_large", `An event has at most ${MAX_EVENT_LENGTH} characters as JSON`);
    }
    // A `client_id` that isn't text is a field of the backend's own, not an idempotency key.
    const body = typeof event.client_id === "string" ? event : { ...event, client_id: undefined };
    const answer = await once(c, idempotency, { scope: "events", body }, async (id) => {
      await feed.post(event, id);
      return { ok: true };
    });
    return c.json(answer, 201);
  });

  app.get("/", requireAdmin("Events are for admins"), async (c) => {
    const events = (await feed.past(PAST)).map(view);
    return c.json({ events });
  });

  return app;
}

function view({ id, at, text }: PastEvent): { id: string; timestamp: string; event: unknown } {
  return { id, timestamp: new Date(at).toISOString(), event: JSON.parse(text) };
}
