/** `/api/reports`: ordering reports, their progress, and cancelling them. */
import { Hono } from "hono";
import type { Idempotency } from "../../../rooms/kv/idempotency_keys.ts";
import type { Reports } from "../../../rooms/reports/open_reports.ts";
import { TooManyReportsError } from "../../../rooms/reports/report_store.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import { mayEnter, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import type { User } from "../../../rooms/user.ts";
import { accountOf, type ApiEnv } from "../gate.ts";
import type { Caller, Refusal } from "../../authentication.ts";
import { jsonIn } from "../request_body.ts";
import { HttpError } from "../../errors.ts";
import { once } from "../idempotency_key.ts";
import type { Translations } from "../../translations.ts";
import { noEntry } from "../messages/room_reader.ts";
import { orderIn } from "./report_order.ts";
import { reportSentences, viewReport } from "./report_view.ts";

/** When somebody with too many reports under way may try again. */
const RETRY_AFTER_MS = 10_000;

/** The API of reports. */
export function reportsApi(options: {
  reports: Reports;
  roomPermissions: PermissionStore;
  roomNames: RoomNames;
  idempotency: Idempotency;
  words: Translations;
  timeZone: string;
  /** Of texts in files, unless the order states another one. */
  language: string;
  now: () => number;
}): Hono<ApiEnv> {
  const { reports, roomPermissions, roomNames, idempotency, words, timeZone, language, now } = options;
  const app = new Hono<ApiEnv>();

  for (const path of ["/request", "/request/"]) {
    app.post(path, async (c) => {
      const user = accountIn(c.var.caller);
      const body = await jsonIn(c.req.raw);
      const asked = orderIn(body, { timeZone, language, now: now() });
      const order = { ...asked, room: await roomNames.find(asked.room) };
      const ruled = await roomPermissions.of(order.room);
      if (!mayEnter(ruled, user)) throw noEntry(ruled, user);
      const answer = await once(c, idempotency, { scope: "reports", body }, async (id) => {
        const report = await reports.request(user.id, order, id).catch((error) => {
          if (!(error instanceof TooManyReportsError)) throw error;
          throw new HttpError(429, "too_many_reports", error.message, RETRY_AFTER_MS);
        });
        // A repeated request gets the first answer, though the report has progressed.
        const asked = { ...report, outcome: "waiting" as const };
        const { task_id, message } = viewReport(asked, await reportSentences(words));
        return { task_id, message };
      });
      return c.json(answer, 202);
    });
  }

  app.get("/", async (c) => {
    const { id } = accountIn(c.var.caller);
    const sentence = await reportSentences(words);
    const all = (await reports.list(id)).map((report) => viewReport(report, sentence));
    return c.json({ reports: all.reverse() });
  });

  app.delete("/:id", async (c) => {
    const user = accountIn(c.var.caller);
    const report = await reports.get(c.req.param("id"));
    if (!report || !isOwnReport(report, user)) throw noSuchReport();
    await reports.remove(report);
    return c.json({ ok: true });
  });

  return app;
}

/** The caller, who can have reports. Throws like {@link accountOf}. */
export function accountIn(caller: Caller | Refusal): User {
  return accountOf(caller, "Reports are for people with an account");
}

/** Whether the user owns the report, or is an admin. */
export function isOwnReport({ owner }: { owner: string }, user: User): boolean {
  return owner === user.id || user.role === "admin";
}

/** The error for a report that doesn't exist, or is somebody else's: that must not differ. */
export function noSuchReport(): HttpError {
  return new HttpError(404, "not_found", "You have no such report");
}
