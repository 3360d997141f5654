/** The frames that tell clients of entries: always with the present state of the message that an entry is about. */
import { type ChangedFrame, encodeFrame, type Message } from "../../protocol.ts";
import type { Entry } from "./entry.ts";
import { isDeleted, type Line, messageIn } from "../message.ts";
import type { Pins } from "./pins.ts";
import { REACTIONS_FOLLOW, reactionsFor } from "./reactions.ts";

/**
 * The frame of an entry, whose message is `line` by now; `undefined` when there is nothing to tell: the message is gone, or
 * the entry is about pins. `reader` is the person who reads it; `""`: it is for all members.
 */
export function entryFrame(entry: Entry, line: Line | undefined, reader = ""): string | undefined {
  const { id, seq, room, message_id, user, person, emoji } = entry;
  if (entry.entry === "deleted") return encodeDeletion(room, message_id, { entry_id: id, seq });
  if (line === undefined) return undefined;
  if (isDeleted(line)) return entry.entry === "edited" ? encodeDeletion(room, message_id) : undefined;
  switch (entry.entry) {
    case "edited": {
      const { message, edited = entry.timestamp } = messageIn(line);
      return encode({ type: "message_edited", id, seq, room, message_id, user, message, edited });
    }
    case "reacted":
    case "unreacted": {
      const end = line.indexOf(REACTIONS_FOLLOW);
      const reactions = end < 0 ? [] : reactionsFor(line.slice(end + 1), reader);
      const by = { person, emoji, on: entry.entry === "reacted" };
      return encode({ type: "reactions", id, seq, room, message_id, reactions, ...by });
    }
    default:
      return undefined;
  }
}

/** The frame that a message is gone. */
export function encodeDeletion(
  room: string,
  id: string,
  by: { entry_id?: string; seq?: string } = {},
): string {
  return encode({ type: "message_deleted", room, id, ...by });
}

/** The frame of what is pinned to a room; `lines` are the pinned messages. */
export function pinsFrame(room: string, { id, seq }: Pins, lines: readonly Line[]): string {
  const messages: Message[] = lines.filter((line) => !isDeleted(line)).map(messageIn);
  return encode({ type: "pins", id, seq, room, messages });
}

/** Whether an entry may change what is pinned. */
export function concernsPins({ entry, message_id }: Entry, { messages }: Pins): boolean {
  return entry === "pinned" || entry === "unpinned" || messages.includes(message_id);
}

function encode(frame: ChangedFrame): string {
  return encodeFrame(frame);
}
