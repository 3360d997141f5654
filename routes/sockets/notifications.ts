/** `/ws/notifications/`: a user's own notifications, as they arrive. */
import type { Hono } from "hono";
import {
  decodeInboxFrame,
  encodeError,
  encodeNotification,
  encodeUnread,
  type InboxFrame,
  MAX_FRAME_BYTES,
} from "../../rooms/notifications/frames.ts";
import type { Inboxes } from "../../rooms/notifications/inboxes.ts";
import type { Subscriptions } from "../../rooms/notifications/subscriptions.ts";
import type { UnreadRooms } from "../../rooms/notifications/unread/unread_rooms.ts";
import { FrameError } from "../../rooms/protocol.ts";
import type { Bindings } from "../authentication.ts";
import { errorFields, type Logger } from "../logger.ts";
import { accountSocket } from "./account_socket.ts";
import type { Frame } from "./socket.ts";
import type { SocketUpgrade } from "./upgrade.ts";

/** Marking as read is cheap, and people who read many notifications at once send many frames. */
const FRAMES_PER_MINUTE = 1_000;

/** The route of the notifications' socket. */
export function notificationsSocket(options: {
  upgrade: SocketUpgrade;
  log: Logger;
  inboxes: Inboxes;
  subscriptions: Subscriptions;
  unreadRooms: Pick<UnreadRooms, "add">;
}): Hono<{ Bindings: Bindings }> {
  const { upgrade, log, inboxes, subscriptions, unreadRooms } = options;

  async function act(account: string, frame: InboxFrame): Promise<void> {
    if (frame.type === "mark_all_read") await inboxes.markAllRead(account);
    // Ignores an id that isn't in this inbox: it isn't unread either.
    else await inboxes.markRead(account, frame.notification_id);
  }

  return accountSocket({
    upgrade,
    log,
    path: "/ws/notifications",
    maxFrameBytes: MAX_FRAME_BYTES,
    framesPerMinute: FRAMES_PER_MINUTE,
    async serve(connection) {
      const { id: account } = connection.user;
      const unsubscribe = await subscriptions.add(account, {
        arrived: (notification) => connection.send(encodeNotification(notification)),
        unread: (count) => connection.send(encodeUnread(count)),
      });
      const forgetRooms = await unreadRooms.add(connection.user, (frame) => connection.send(frame))
        .catch((error) => {
          unsubscribe();
          throw error;
        });
      return {
        left() {
          unsubscribe();
          forgetRooms();
        },
        receive(data: Frame) {
          const frame = decoded(data);
          if (frame instanceof FrameError) return connection.send(encodeError(frame.code, frame.message));
          act(account, frame).catch((error) => {
            log.error("mark_failed", errorFields(error));
            connection.send(encodeError("internal", "Internal server error"));
          });
        },
      };
    },
  });
}

function decoded(data: Frame): InboxFrame | FrameError {
  try {
    return decodeInboxFrame(data);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}
