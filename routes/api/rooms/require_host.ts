/** Checks that the caller may moderate a room, or change it. */
import type { Context } from "hono";
import { mayChange, mayModerate, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import type { User } from "../../../rooms/user.ts";
import { HttpError } from "../../errors.ts";
import { roomNameIn } from "../../path_params.ts";
import { admitted, type ApiEnv } from "../gate.ts";

/** The rights in a room, and the sentence for callers who lack them. */
const RIGHTS = {
  change: { has: mayChange, others: "Only the room's creator and admins may do this" },
  moderate: { has: mayModerate, others: "Only the room's creator, its hosts and admins may do this" },
} as const;

/**
 * The room in the path of a call, and the caller, who has this right in it.
 *
 * @throws {HttpError} 400, 401 or 403 for others.
 */
export async function requireRight(
  c: Context<ApiEnv>,
  { roomNames, roomPermissions }: {
    roomNames: Pick<RoomNames, "find">;
    roomPermissions: Pick<PermissionStore, "of">;
  },
  right: keyof typeof RIGHTS,
): Promise<{ room: string; user: User }> {
  const room = await roomNames.find(roomNameIn(c.req.param("room")));
  const { user } = admitted(c.var.caller);
  if (user.isGuest) throw new HttpError(401, "not_signed_in", "Sign in first");
  if (RIGHTS[right].has(await roomPermissions.of(room), user)) return { room, user };
  throw new HttpError(403, "not_allowed", RIGHTS[right].others);
}
