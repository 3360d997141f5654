/** `/healthz`: whether the service works, and how the log is doing; for people, probes and dashboards. */
import { Hono } from "hono";
import { messageInBody } from "../rooms/messages/message.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Outbox } from "../rooms/messages/outbox.ts";
import type { StorageGuard } from "../rooms/kv/storage_guard.ts";
import type { RowDelivery } from "./api/sheet.ts";

/** Handles `/healthz`. */
export function health(parts: {
  outbox: Outbox;
  delivery: RowDelivery;
  rooms: Rooms;
  storage: StorageGuard;
  now: () => number;
  /** Whether the service is about to stop: no new connections, please. */
  isStopping: () => boolean;
}): Hono {
  const startedAt = parts.now();
  return new Hono().get("/healthz", async (c) => {
    const { outbox, delivery, rooms, storage, now } = parts;
    storage.check();
    // Reading KV is part of the answer: without it nothing works, and this request fails.
    const oldest = await outbox.oldest();
    const { notice } = delivery;
    const { state, ...trouble } = delivery.status;
    const dead = (await delivery.refusedRows()).length;
    const reason = storage.trouble ??
      ("reason" in trouble
        ? trouble.reason
        : notice
        ? notice.message
        : dead
        ? `The sheet refused ${dead} messages: deno task sheet dead`
        : undefined);
    const status = parts.isStopping() ? "stopping" : reason ? "degraded" : "ok";
    const oldestAt = oldest && Date.parse(messageInBody(oldest.bodies[0]).timestamp);
    return c.json({
      status,
      reason,
      outbox: {
        depth: Math.max(outbox.depth, oldest?.bodies.length ?? 0),
        oldest_pending_seconds: oldestAt === undefined
          ? 0
          : Math.max(0, Math.round((now() - oldestAt) / 1000)),
      },
      sheet: { name: delivery.sheet, state, ...trouble, notice, dead },
      ...rooms.count(),
      uptime_seconds: Math.round((now() - startedAt) / 1000),
    }, status === "stopping" ? 503 : 200);
  });
}
