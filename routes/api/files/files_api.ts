/** `/api/rooms/:room/files`: uploads, and the files of a room; `/api/files/check`: whether storage and KV agree. */
import { type Context, Hono } from "hono";
import type { PersonIds } from "../../../rooms/access/person_ids.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import { mayModerate, maySpeak, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import { fileNameRefusal, fileRefusal } from "../../../rooms/access/moderation/speech_rules.ts";
import type { Files, Quota } from "../../../rooms/files/files.ts";
import { isTellable, personOf, type User } from "../../../rooms/user.ts";
import type { Authentication } from "../../authentication.ts";
import { HttpError } from "../../errors.ts";
import type { ApiEnv } from "../gate.ts";
import { readableRoom } from "../messages/room_reader.ts";
import { pageQuery, requestBody } from "../request_body.ts";
import { requireAdmin } from "../require_admin.ts";
import * as v from "valibot";
import { fileBody } from "./file_body.ts";

const Query = v.object(pageQuery("a file", { max: 200, byDefault: 50 }));
/** The guests of one address together have the limits of this many people: a new cookie makes a new guest at no cost. */
const UPLOADERS_PER_ADDRESS = 20;

/** What the routes of files work with. */
export interface FilesApiOptions {
  readonly roomFiles: Files;
  readonly roomPermissions: PermissionStore;
  readonly roomNames: RoomNames;
  readonly personIds: PersonIds;
  readonly authentication: Authentication;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The API of files. */
export function filesApi(options: FilesApiOptions): Hono<ApiEnv> {
  const { roomFiles, roomPermissions, roomNames, personIds, authentication, now } = options;
  const app = new Hono<ApiEnv>();

  app.post("/rooms/:room/files", async (c) => {
    const { room: found, user } = await readableRoom(c, options);
    const permissions = await roomPermissions.of(found);
    if (!maySpeak(permissions, user)) throw new HttpError(403, "read_only", "This room is read-only");
    const speaker = { person: personIds.of(found, user), now: now() };
    const isFree = mayModerate(permissions, user);
    const refusal = isFree ? undefined : fileRefusal(permissions, speaker);
    if (refusal) throw refusal;
    const room = await roomNames.claim(found);
    const { chunks, ...sent } = await fileBody(c.req.raw, c.req.query("name"));
    const nameRefusal = isFree ? undefined : fileNameRefusal(permissions, sent.name);
    if (nameRefusal) throw nameRefusal;
    const by = isTellable(user) ? personIds.of(room, user) : undefined;
    const file = await roomFiles.take({ ...sent, room, by, quotas: quotasOf(c, user) }, chunks);
    return c.json(roomFiles.shown(file), 201);
  });

  app.get("/rooms/:room/files", async (c) => {
    const { room } = await readableRoom(c, options);
    const { before, limit } = requestBody(Query, c.req.query());
    const found = await roomFiles.page(room, { before, limit: limit + 1 });
    const files = found.slice(0, limit).map(({ file, message }) => ({ ...roomFiles.shown(file), message }));
    return c.json({ files, more: found.length > limit });
  });

  app.get(
    "/files/check",
    requireAdmin("Comparing files is for the service and for admins"),
    async (c) => c.json(await roomFiles.check()),
  );

  /** The limits that an upload counts for. */
  function quotasOf(c: Context<ApiEnv>, user: User): Quota[] {
    const person = personOf(user) ?? user.id;
    const own = { who: person, people: 1 };
    if (!user.isGuest) return [own];
    const shared = { who: `address/${authentication.address(c)}`, people: UPLOADERS_PER_ADDRESS };
    return personOf(user) === undefined ? [shared] : [own, shared];
  }

  return app;
}
