/** `/api/log`: the way of messages into the sheet, for those who look after it. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Outbox } from "../../rooms/messages/outbox.ts";
import type { LogFigures } from "../../rooms/stats/dashboard.ts";
import type { ApiEnv } from "./gate.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";
import { requireAdmin } from "./require_admin.ts";

const Retry = v.object({ id: v.optional(v.pipe(v.string(), v.length(26, '"id" must be a message\'s id'))) });

/** A row that the sheet refused for good. */
export interface RefusedRow {
  readonly id: string;
  readonly room: string;
  readonly username: string;
  readonly message: string;
  readonly time: string;
  /** What the sheet said. */
  readonly cause: string;
  readonly is_retried: boolean;
}

/** The delivery of rows, as far as those who look after it can see and help. */
export interface RowDelivery {
  /** The sheet's name, for people. */
  readonly sheet: string;
  /** `state` is `idle`, `writing`, `elsewhere`, `retrying` or `paused`; the last two come with a reason. */
  readonly status: { readonly state: string; readonly reason?: string; readonly since?: string };
  /** What the operator should know though rows are written. */
  readonly notice: { readonly code: string; readonly message: string; readonly since: string } | undefined;
  figures(): Promise<LogFigures>;
  refusedRows(): Promise<readonly RefusedRow[]>;
  /** The same as CSV with the sheet's columns. */
  refusedRowsAsCsv(): Promise<string>;
  /** Tries one of them again, or all; answers how many, and has trouble of any kind tried anew. */
  retry(id: string | undefined): Promise<number>;
}

/** Handles `/api/log`. */
export function sheetApi(parts: { outbox: Outbox; delivery: RowDelivery }): Hono<ApiEnv> {
  const { outbox, delivery } = parts;
  const app = new Hono<ApiEnv>();

  app.use(requireAdmin("The log is for admins, and for the service's token: Authorization: Bearer …"));

  app.get("/", async (c) => {
    const dead = await delivery.refusedRows();
    return c.json({ sheet: delivery.sheet, ...delivery.status, pending: outbox.depth, dead: dead.length });
  });

  app.get("/dead", async (c) => c.json({ dead: await delivery.refusedRows() }));

  app.get("/dead.csv", async (c) => {
    return c.body(await delivery.refusedRowsAsCsv(), 200, { "content-type": "text/csv; charset=utf-8" });
  });

  app.post("/retry", async (c) => {
    const { id } = requestBody(Retry, await jsonIn(c.req.raw));
    const retried = await delivery.retry(id);
    if (id !== undefined && !retried) throw new HttpError(404, "not_found", `There is no dead letter ${id}`);
    return c.json({ retried }, 202);
  });

  return app;
}
