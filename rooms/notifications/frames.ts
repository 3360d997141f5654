/**
 * The frames of `/ws/notifications/`: text frames of one JSON object each, at most {@link MAX_FRAME_BYTES}.
 *
 * | client sends | meaning |
 * | --- | --- |
 * | `{"type":"mark_read","notification_id":"01J…"}` | mark this notification as read |
 * | `{"type":"mark_all_read"}` | mark all notifications as read that have arrived |
 *
 * | service sends | when |
 * | --- | --- |
 * | `{"type":"unread_count","count":3}` | on connect, and when the count changes |
 * | `{"type":"notification","id","title","message","url","timestamp"}` | a notification has arrived |
 * | `{"type":"room_unread","room","title","unread","mentions","level","last"}` | on connect for each room of the account, and on a change |
 * | `{"type":"error","error":"a sentence","code"}` | the frame was refused; the connection stays open |
 */
import * as v from "valibot";
import { type ErrorCode, FrameError, parseObject } from "../protocol.ts";
import type { WatchLevel } from "./watch/watch_levels.ts";
import type { Notification } from "./notification.ts";

/** The size of a frame from a client, in bytes of UTF-8; a larger one closes with 1009. */
export const MAX_FRAME_BYTES = 4_096;

/** A frame from a client, decoded. */
export type InboxFrame =
  | { readonly type: "mark_read"; readonly notification_id: string }
  | { readonly type: "mark_all_read" };

const MARK_READ = v.object({
  type: v.literal("mark_read"),
  notification_id: v.pipe(
    v.string('"notification_id" must be text'),
    v.maxLength(26, '"notification_id" must be a notification\'s id'),
  ),
});

/**
 * Decodes a client's frame.
 *
 * @throws {FrameError} when it isn't one
 */
export function decodeInboxFrame(data: unknown): InboxFrame {
  const frame = parseObject(data);
  if (!frame) throw new FrameError("invalid_json", "Invalid JSON");
  const type = "type" in frame ? frame.type : undefined;
  if (type === "mark_all_read") return { type };
  if (type !== "mark_read") throw new FrameError("unknown_type", "Unknown type");
  const result = v.safeParse(MARK_READ, frame);
  if (result.success) return result.output;
  throw new FrameError("invalid_frame", result.issues[0].message);
}

/** Encodes the unread count of the inbox. */
export function encodeUnread(count: number): string {
  return JSON.stringify({ type: "unread_count", count });
}

/** Encodes a notification that has arrived. */
export function encodeNotification({ id, title, message, url, timestamp }: Notification): string {
  return JSON.stringify({ type: "notification", id, title, message, url, timestamp });
}

/** Encodes what is unread in a room; `last` is the JSON of its newest message, or `null`. */
export function encodeRoomUnread(
  { room, title, unread, mentions, level }: {
    room: string;
    title: string;
    unread: number;
    mentions: number;
    level: WatchLevel;
  },
  last: string,
): string {
  // The name of a room needs no escape.
  const counts = `"unread":${unread},"mentions":${mentions},"level":"${level}"`;
  return `{"type":"room_unread","room":"${room}","title":${JSON.stringify(title)},${counts},"last":${last}}`;
}

/** Encodes why a frame was refused; `error` is a sentence. */
export function encodeError(code: ErrorCode, error: string): string {
  return JSON.stringify({ type: "error", error, code });
}
