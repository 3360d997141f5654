/** `/api/me/rooms`: the rooms of an account, and what it hasn't read there. */
import { Hono } from "hono";
import type { UnreadRooms } from "../../rooms/notifications/unread/unread_rooms.ts";
import { accountOf, type ApiEnv } from "./gate.ts";

/** The API of one's own rooms. */
export function myRoomsApi({ unreadRooms }: { unreadRooms: Pick<UnreadRooms, "list"> }): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get("/", async (c) => {
    const user = accountOf(c.var.caller, "The service has no rooms of its own: ask as an account", {
      signInFirst: "Sign in first: a guest's rooms are kept in the browser",
    });
    const rooms = await unreadRooms.list(user);
    return c.json({ rooms, unread: rooms.reduce((sum, { unread }) => sum + unread, 0) });
  });
}
