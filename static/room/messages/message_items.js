/** What the list's items say of messages, sent or not. */
/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { MessageItem } from "./message_row.js" */

/** What the orders of messages begin with: those that the server hasn't told of stand last. */
const PLACED = "0";
const UNPLACED = "1";

/** Whether a message stands where the room's order has it, and not behind all others. @param {MessageItem} item @returns {boolean} */
export function hasPlace({ order }) {
  return order.startsWith(PLACED);
}

/**
 * A message that the server told of.
 * @param {ChatMessage} message
 * @param {Pick<MessageItem, "isOwn" | "changes"> & { state: MessageItem["state"] | undefined }} known what else is known of it
 * @returns {Omit<MessageItem, "row"> & { id: string }}
 */
export function itemOfMessage(message, { state, ...known }) {
  const told = message.not_recorded ? "not_recorded" : message.recorded ? "recorded" : undefined;
  return {
    ...known,
    order: PLACED + message.seq,
    id: message.id,
    username: message.username,
    person: message.person,
    text: message.message,
    edited: message.edited ? Date.parse(message.edited) : 0,
    isDeleted: message.deleted ?? false,
    reactions: message.reactions ?? [],
    replyTo: message.reply_to,
    files: message.files,
    at: Date.parse(message.timestamp),
    hasAccount: message.account ?? false,
    state: told ?? state ?? "delivered",
  };
}

/**
 * A message that this visitor has written.
 * @param {Unsent} unsent
 * @param {string} person this visitor's id in the room, or ""
 * @returns {Omit<MessageItem, "row">}
 */
export function itemOfUnsent({ clientId, username, text, replyTo, files, writtenAt }, person) {
  return {
    ...{ clientId, username, text, replyTo, files },
    at: writtenAt,
    edited: 0,
    isDeleted: false,
    reactions: [],
    person: person || undefined,
    order: UNPLACED + writtenAt,
    isOwn: true,
    state: "sending",
    changes: [],
  };
}
