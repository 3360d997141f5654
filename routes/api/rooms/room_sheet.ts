/** `/api/rooms/:room/sheet`: the spreadsheet and the tab that a room has of its own. */
import { Hono } from "hono";
import { RateLimiter } from "limiter";
import * as v from "valibot";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import { mayChange, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import type { User } from "../../../rooms/user.ts";
import { template } from "../../config_values.ts";
import { HttpError } from "../../errors.ts";
import type { ApiEnv } from "../gate.ts";
import { jsonIn, requestBody } from "../request_body.ts";
import type { OwnSheet, RowDelivery } from "../sheet.ts";
import { requireRight } from "./require_host.ts";

/** The tab of changes has a longer name, and Google takes 100 characters. */
const MAX_TAB_LENGTH = 90;
/** A check is three of the 60 writes a minute that Google allows all rooms together. */
const CHECKS_PER_MINUTE = 5;
const TAB = '"tab" must be the name of a tab';

const Wanted = v.object({
  spreadsheet: v.pipe(
    v.string('"spreadsheet" must be the address of a spreadsheet, or its id'),
    v.transform((text) => /\/d\/([\w-]+)/.exec(text)?.[1] ?? text.trim()),
    v.regex(/^[\w-]{1,200}$/, '"spreadsheet" must be the address of a spreadsheet, or its id'),
  ),
  tab: v.optional(
    v.pipe(
      v.string(TAB),
      v.trim(),
      v.maxLength(MAX_TAB_LENGTH, `"tab" must have at most ${MAX_TAB_LENGTH} characters`),
      v.regex(/^\P{Cc}*$/u, TAB),
      v.check((tab) => !/ changes$/i.test(tab), '"tab" must not end with "changes": such tabs hold changes'),
      v.union([v.literal(""), template(TAB, "room", "month", "year")]),
    ),
    "",
  ),
});

/** The API of sheets of single rooms, for those who may change the room's settings. */
export function roomSheetApi(options: {
  delivery: Pick<RowDelivery, "check" | "roomSheets" | "common">;
  roomPermissions: PermissionStore;
  roomNames: RoomNames;
}): Hono<ApiEnv> {
  const { delivery, roomPermissions } = options;
  const { roomSheets, common } = delivery;
  const app = new Hono<ApiEnv>();
  const checks = new RateLimiter({ tokensPerInterval: CHECKS_PER_MINUTE, interval: "minute" });

  async function view(room: string): Promise<Record<string, unknown>> {
    const own = await roomSheets.now(room);
    const { spreadsheet, tab } = own ?? {};
    return { spreadsheet, tab, account: common.email || undefined };
  }

  /**
   * Other people share their spreadsheets with the same account. A room's creator must not write into one of these by knowing
   * its id.
   */
  async function demandRight({ spreadsheet }: OwnSheet, user: User): Promise<void> {
    if (user.role === "admin" || user.role === "service") return;
    const others = await roomSheets.roomsOf(spreadsheet);
    const permissions = await Promise.all(others.map((room) => roomPermissions.of(room)));
    if (spreadsheet !== common.spreadsheet && permissions.every((room) => mayChange(room, user))) return;
    throw new HttpError(403, "sheet_taken", "This spreadsheet is used by others: only admins may choose it");
  }

  app.get("/:room/sheet", async (c) => c.json(await view((await requireRight(c, options, "change")).room)));

  app.put("/:room/sheet", async (c) => {
    const { room, user } = await requireRight(c, options, "change");
    const { spreadsheet, tab } = requestBody(Wanted, await jsonIn(c.req.raw));
    if (!common.email) {
      throw new HttpError(409, "no_google", "Rows go to a file here: a room has no spreadsheet of its own");
    }
    const own = { spreadsheet, tab: tab || common.tab };
    await demandRight(own, user);
    if (!checks.tryRemoveTokens(1)) {
      throw new HttpError(
        429,
        "rate_limited",
        "Too many sheets are being checked",
        60_000 / CHECKS_PER_MINUTE,
      );
    }
    const { problem } = await delivery.check(own);
    if (problem) return c.json({ error: problem.message, code: "sheet_problem", problem }, 409);
    await roomSheets.move(room, own);
    return c.json(await view(room));
  });

  app.delete("/:room/sheet", async (c) => {
    const { room } = await requireRight(c, options, "change");
    await roomSheets.move(room, undefined);
    return c.json(await view(room));
  });

  return app;
}
