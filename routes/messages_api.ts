/** `/api/rooms/:room/messages`: rooms for programs. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as v from "valibot";
import { DEFAULT_STRETCH, type History, MAX_STRETCH } from "../rooms/history.ts";
import type { Lobby } from "../rooms/lobby.ts";
import { MAX_FRAME_BYTES } from "../rooms/protocol.ts";
import { cleanName, MAX_NAME_LENGTH } from "../rooms/user.ts";
import type { Bindings, Callers } from "./callers.ts";
import { checked, jsonIn } from "./checked.ts";
import { HttpError } from "./errors.ts";
import { roomNameIn } from "./room_name.ts";

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
  before: v.optional(v.pipe(v.string(), v.maxLength(26, '"before" must be a message\'s id'))),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,3}$/, '"limit" must be a whole number above 0'),
      v.transform((limit) => Math.min(Number(limit), MAX_STRETCH)),
    ),
    String(DEFAULT_STRETCH),
  ),
});

export function messagesApi(options: {
  lobby: Lobby;
  history: History;
  callers: Callers;
}): Hono<{ Bindings: Bindings }> {
  const { lobby, history, callers } = options;
  const app = new Hono<{ Bindings: Bindings }>();

  app.get("/:room/messages", async (c) => {
    const room = roomNameIn(c.req.param("room"));
    if (!callers.user(c)) throw new HttpError(401, "not_signed_in", "The token is not valid");
    const { before, limit } = checked(Query, c.req.query());
    const stretch = await history.before(room, before, limit);
    return c.body(`{${history.json(stretch)}}`, 200, {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
    });
  });

  const tooLarge = (): never => {
    throw new HttpError(413, "too_large", `A request has at most ${MAX_FRAME_BYTES} bytes`);
  };
  app.post("/:room/messages", bodyLimit({ maxSize: MAX_FRAME_BYTES, onError: tooLarge }), async (c) => {
    if (!callers.isService(c)) {
      throw new HttpError(401, "not_signed_in", "Posting needs the service's token: Authorization: Bearer …");
    }
    const room = roomNameIn(c.req.param("room"));
    const { message, username } = checked(Post, await jsonIn(c.req.raw));
    const user = { id: "service", name: username || "service", isGuest: false };
    return c.json(await lobby.post(room, user, message), 201);
  });

  return app;
}
