/** `/api/rooms/:room/watch` and `/api/me/settings`: what an account wants to be notified of, and when not. */
import { Hono } from "hono";
import * as v from "valibot";
import type { PermissionStore } from "../../rooms/access/room_permissions.ts";
import type { RoomNames } from "../../rooms/access/room_names.ts";
import { isQuiet } from "../../rooms/notifications/watch/quiet_hours.ts";
import type { WatchLevels, WatchSettings } from "../../rooms/notifications/watch/watch_levels.ts";
import { accountOf, type ApiEnv } from "./gate.ts";
import { readableRoom } from "./messages/room_reader.ts";
import { jsonIn, requestBody } from "./request_body.ts";

const Level = v.picklist(["all", "mentions", "none"], '"level" must be "all", "mentions" or "none"');
const RoomWatch = v.object({
  level: v.nullable(Level),
});
const time = (field: string) =>
  v.pipe(
    v.string(`"${field}" must be a time of day: HH:MM`),
    v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, `"${field}" must be a time of day: HH:MM`),
  );
const Quiet = v.object({
  from: time("from"),
  to: time("to"),
  time_zone: v.pipe(
    v.string('"time_zone" must be the name of a time zone, such as Asia/Taipei'),
    v.check(isTimeZone, '"time_zone" must be the name of a time zone, such as Asia/Taipei'),
  ),
}, '"quiet" must have "from", "to" and "time_zone", or be null');
const Change = v.object({
  level: v.optional(Level),
  quiet: v.optional(v.nullable(Quiet)),
  previews: v.optional(v.boolean('"previews" must be true or false')),
});

interface WatchParts {
  readonly roomNames: RoomNames;
  readonly roomPermissions: PermissionStore;
  readonly watchLevels: WatchLevels;
}

/** The level of a room. */
export function roomWatchApi(parts: WatchParts): Hono<ApiEnv> {
  const { watchLevels } = parts;
  return new Hono<ApiEnv>()
    .get("/:room/watch", async (c) => {
      const { room, user } = await readableRoom(c, parts);
      accountOf(c.var.caller, "The service watches no rooms: ask as an account");
      return c.json({ level: await watchLevels.of(user.id, room) });
    })
    .put("/:room/watch", async (c) => {
      const { room, user } = await readableRoom(c, parts);
      accountOf(c.var.caller, "The service watches no rooms: ask as an account");
      const { level } = requestBody(RoomWatch, await jsonIn(c.req.raw));
      await watchLevels.set(user.id, room, level ?? undefined);
      return c.json({ level: await watchLevels.of(user.id, room) });
    });
}

/** What holds for all rooms of an account. */
export function mySettingsApi(
  { watchLevels, now: time }: Pick<WatchParts, "watchLevels"> & { now: () => number },
): Hono<ApiEnv> {
  const view = (settings: WatchSettings): object => ({
    ...settings,
    quiet: settings.quiet ?? null,
    is_quiet: isQuiet(settings.quiet, time()),
  });
  const REFUSAL = "The service has no settings of its own: ask as an account";
  return new Hono<ApiEnv>()
    .get("/", async (c) => {
      const { id } = accountOf(c.var.caller, REFUSAL);
      return c.json(view(await watchLevels.settings(id)));
    })
    .patch("/", async (c) => {
      const { id } = accountOf(c.var.caller, REFUSAL);
      const { quiet, ...change } = requestBody(Change, await jsonIn(c.req.raw));
      const before = await watchLevels.settings(id);
      const now = { ...before, ...change, quiet: quiet === undefined ? before.quiet : quiet ?? undefined };
      await watchLevels.change(id, now);
      return c.json(view(now));
    });
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
