/** `/api/rooms/:room/messages`: a room's history, and posting to it. */
import { Hono } from "hono";
import * as v from "valibot";
import type { History } from "../../../rooms/messages/history.ts";
import { historyAround } from "../../../rooms/messages/history_around.ts";
import type { Idempotency } from "../../../rooms/kv/idempotency_keys.ts";
import type { Rooms } from "../../../rooms/rooms.ts";
import { DEFAULT_PAGE, MAX_PAGE, type Message } from "../../../rooms/protocol.ts";
import type { PersonIds } from "../../../rooms/access/person_ids.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import { maySpeak, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import { cleanName, MAX_NAME_LENGTH, service, type User } from "../../../rooms/user.ts";
import type { ApiEnv } from "../gate.ts";
import type { Caller, Refusal } from "../../authentication.ts";
import { jsonIn, pageQuery, requestBody } from "../request_body.ts";
import { HttpError } from "../../errors.ts";
import { once } from "../idempotency_key.ts";
import { roomNameIn } from "../../path_params.ts";
import { answerWith, readableRoom, readerOf } from "./room_reader.ts";

const Post = v.object({
  message: v.string('"message" must be text'),
  username: v.optional(
    v.pipe(
      v.string('"username" must be text'),
      v.transform(cleanName),
      v.string(`"username" must have at most ${MAX_NAME_LENGTH} characters`),
    ),
  ),
});

const Query = v.object({
  ...pageQuery("a message", { max: MAX_PAGE, byDefault: DEFAULT_PAGE }),
  around: v.optional(v.pipe(v.string(), v.maxLength(26, `"around" must be a message's id`))),
});

/** The API of messages. */
export function messagesApi(options: {
  rooms: Rooms;
  history: History;
  roomPermissions: PermissionStore;
  roomNames: RoomNames;
  personIds: PersonIds;
  idempotency: Idempotency;
}): Hono<ApiEnv> {
  const { rooms, history, roomPermissions, roomNames, personIds, idempotency } = options;
  const app = new Hono<ApiEnv>();

  app.get("/:room/messages", async (c) => {
    const { room, user } = await readableRoom(c, options);
    const reader = readerOf(personIds, room, user);
    const { around, before, limit } = requestBody(Query, c.req.query());
    if (around === undefined) {
      return answerWith(c, history.json(await history.before(room, before, limit), reader));
    }
    const { older, newer } = await historyAround(history, room, around, limit);
    const page = { lines: [...older.lines, ...newer.lines], more: older.more };
    return answerWith(c, `${history.json(page, reader)},"more_after":${newer.more}`);
  });

  app.post("/:room/messages", async (c) => {
    const poster = posterOf(c.var.caller);
    const room = await roomNames.claim(roomNameIn(c.req.param("room")));
    const body = await jsonIn(c.req.raw);
    const { message, username } = requestBody(Post, body);
    if (!maySpeak(await roomPermissions.of(room), poster)) {
      throw new HttpError(403, "read_only", "This room is closed");
    }
    // Only the service may choose a name: an admin could pose as somebody else.
    const user = poster.role === "service" ? service(username ?? "") : poster;
    let said: Message | undefined;
    // Only the id is stored with the key: the text must not survive the message's deletion.
    const { id } = await once(c, idempotency, { scope: `messages/${room}`, body }, async (clientId) => {
      said = await rooms.post(room, user, { message }, clientId);
      return { id: said.id };
    });
    return c.json(said ?? await rooms.message(room, id) ?? { id, room, deleted: true }, 201);
  });

  return app;
}

/**
 * The caller, who may post.
 *
 * @throws {HttpError} 401 or 403 for others.
 */
function posterOf(caller: Caller | Refusal): User {
  const user = typeof caller === "object" ? caller.user : undefined;
  if (user?.role === "service" || user?.role === "admin") return user;
  if (user?.role === "user") {
    throw new HttpError(
      403,
      "not_allowed",
      "Posting is for the service and for admins: speak in the room instead",
    );
  }
  throw new HttpError(401, "not_signed_in", "Posting needs the service's token: Authorization: Bearer …");
}
