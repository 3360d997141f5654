/** Reading a room over HTTP: who may, and the form of the answer. */
import type { Context } from "hono";
import {
  isBanned,
  mayEnter,
  type PermissionStore,
  type RoomPermissions,
  whyNot,
} from "../../../rooms/access/room_permissions.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import type { PersonIds } from "../../../rooms/access/person_ids.ts";
import { isTellable, type User } from "../../../rooms/user.ts";
import { HttpError } from "../../errors.ts";
import { roomNameIn } from "../../path_params.ts";
import { admitted, type ApiEnv } from "../gate.ts";

/**
 * The room that a call is about, and the caller, who may enter it.
 *
 * @throws {HttpError} 400, 401 or 403 for others.
 */
export async function readableRoom(
  c: Context<ApiEnv>,
  { roomNames, roomPermissions }: { roomNames: RoomNames; roomPermissions: PermissionStore },
): Promise<{ room: string; user: User }> {
  const room = await roomNames.find(roomNameIn(c.req.param("room") ?? ""));
  const { user } = admitted(c.var.caller);
  const now = await roomPermissions.of(room);
  if (!mayEnter(now, user)) throw noEntry(now, user);
  return { room, user };
}

/** Who a caller is in a room's messages, so that their own reactions are marked; `undefined` where that can't be told. */
export function readerOf(personIds: PersonIds, room: string, user: User): string | undefined {
  return isTellable(user) ? personIds.of(room, user) : undefined;
}

/** Answers with the fields of a JSON object. */
export function answerWith(c: Context<ApiEnv>, fields: string): Response {
  return c.body(`{${fields}}`, 200, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  });
}

/** The error for somebody who may not enter a room; 401 for a guest who might after signing in. */
export function noEntry(permissions: RoomPermissions, user: User): HttpError {
  return user.isGuest && !permissions.isClosed && !isBanned(permissions, user)
    ? new HttpError(401, "not_signed_in", "This room is private: sign in first")
    : new HttpError(403, "not_allowed", whyNot(permissions, user));
}
