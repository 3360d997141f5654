/**
 * The frames of `/ws/notifications/`: text frames of one JSON object each, at most {@link MAX_FRAME_BYTES}.
 *
 * | client sends | meaning |
 * | --- | --- |
 * | `{"type":"mark_read","notification_id":"01J…"}` | this one is read |
 * | `{"type":"mark_all_read"}` | all that have come are |
 *
 * | service sends | when |
 * | --- | --- |
 * | `{"type":"unread_count","count":3}` | on connect, and when it is another |
 * | `{"type":"notification","id","title","message","url","timestamp"}` | one has come |
 * | `{"type":"error","error":"a sentence","code"}` | bad input; the connection stays open |
 */
import * as v from "valibot";
import { type ErrorCode, FrameError } from "../protocol.ts";
import type { Notification } from "./notification.ts";

/** The size of a frame from a client, in bytes of UTF-8; a larger one closes with 1009. */
export const MAX_FRAME_BYTES = 4_096;

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

/** Decodes a client's frame. Throws {@link FrameError}. */
export function decodeInboxFrame(data: unknown): InboxFrame {
  const frame = parse(data);
  const type = typeof frame === "object" && frame !== null && "type" in frame ? frame.type : undefined;
  if (type === "mark_all_read") return { type };
  if (type !== "mark_read") throw new FrameError("unknown_type", "Unknown type");
  const result = v.safeParse(MARK_READ, frame);
  if (result.success) return result.output;
  throw new FrameError("invalid_frame", result.issues[0].message);
}

export function encodeUnread(count: number): string {
  return JSON.stringify({ type: "unread_count", count });
}

export function encodeNotification({ id, title, message, url, timestamp }: Notification): string {
  return JSON.stringify({ type: "notification", id, title, message, url, timestamp });
}

export function encodeError(code: ErrorCode, error: string): string {
  return JSON.stringify({ type: "error", error, code });
}

function parse(data: unknown): unknown {
  try {
    const frame: unknown = typeof data === "string" ? JSON.parse(data) : undefined;
    if (typeof frame === "object" && frame !== null && !Array.isArray(frame)) return frame;
  } catch {
    // Said below.
  }
  throw new FrameError("invalid_json", "Invalid JSON");
}
