/** `/api/log`: the way of messages into the sheet, for those who look after it. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Outbox } from "../../rooms/messages/outbox.ts";
import type { SharedDeliveryStatus } from "../../sheets/delivery/status.ts";
import type { Delivery } from "../../sheets/delivery/delivery.ts";
import type { Sheet } from "../../sheets/sheet.ts";
import { toCsv } from "../../sheets/csv_file.ts";
import { HEADER } from "../../sheets/sheet.ts";
import type { ApiEnv } from "./gate.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";
import { requireAdmin } from "./require_admin.ts";

const Retry = v.object({ id: v.optional(v.pipe(v.string(), v.length(26, '"id" must be a message\'s id'))) });

export function sheetApi(parts: {
  outbox: Outbox;
  logStatus: SharedDeliveryStatus;
  delivery: Delivery;
  sheet: Sheet;
}): Hono<ApiEnv> {
  const { outbox, logStatus, delivery, sheet } = parts;
  const app = new Hono<ApiEnv>();

  app.use(requireAdmin("The log is for admins, and for the service's token: Authorization: Bearer …"));

  app.get("/", async (c) => {
    const dead = await delivery.deadLetters.list();
    return c.json({ sheet: sheet.name, ...logStatus.status, pending: outbox.depth, dead: dead.length });
  });

  app.get("/dead", async (c) => {
    const letters = await delivery.deadLetters.list();
    const dead = letters.map(({ row: [time, room, username, message, id], cause, isRetried = false }) => ({
      id,
      room,
      username,
      message,
      time,
      cause,
      is_retried: isRetried,
    }));
    return c.json({ dead });
  });

  app.get("/dead.csv", async (c) => {
    const letters = await delivery.deadLetters.list();
    // The mark keeps spreadsheet programs from taking it for the local code page.
    const csv = `\ufeff${toCsv([HEADER, ...letters.map(({ row }) => row)])}`;
    return c.body(csv, 200, { "content-type": "text/csv; charset=utf-8" });
  });

  app.post("/retry", async (c) => {
    const { id } = requestBody(Retry, await jsonIn(c.req.raw));
    const retried = await delivery.deadLetters.retry(id);
    if (id !== undefined && !retried) throw new HttpError(404, "not_found", `There is no dead letter ${id}`);
    logStatus.probe();
    return c.json({ retried }, 202);
  });

  return app;
}
