/**
 * What readers see of messages: what the server says, and on top of it the changes that this page has sent and that the
 * server hasn't accepted yet.
 */
/** @import { ChangedFrame, ChangeFrame, MessageFile, Quote, Reaction } from "../../../rooms/protocol.ts" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { ToldChange } from "./told_changes.js" */

/**
 * A change of a message, as it is sent, without its client id.
 * @typedef {ChangeFrame extends infer Frame ? Frame extends ChangeFrame ? Omit<Frame, "client_id"> : never : never} Change
 */

/**
 * What is said in a message, and what happened to it. `edited`: when its text was changed last, in milliseconds since the
 * epoch; 0 where it never was.
 * @typedef {{ text: string, edited: number, isDeleted: boolean, reactions: readonly Reaction[], replyTo?: Quote, files?: readonly MessageFile[] }} Content
 */

/** Characters of a message in a quote, as the server cuts it. */
export const MAX_QUOTE = 200;

/**
 * A message's content after a change of this visitor.
 * @param {Content} content
 * @param {Change} change
 * @param {{ at: number, name: string }} by when, and who this visitor is to themselves
 * @returns {Content}
 */
export function withChange(content, change, { at, name }) {
  switch (change.type) {
    case "edit_message":
      return { ...content, text: change.message, edited: content.edited || at };
    case "delete_message":
      return { ...content, text: "", isDeleted: true, reactions: [], replyTo: undefined, files: undefined };
    case "react":
      return { ...content, reactions: withReaction(content.reactions, change, name) };
    default:
      return content;
  }
}

/**
 * A message's content after all its unaccepted changes; refused ones no longer count.
 * @param {Content} content
 * @param {readonly Unsent[]} changes in the order in which they were made
 * @param {string} name who this visitor is to themselves
 * @returns {Content}
 */
export function withChanges(content, changes, name) {
  return changes.reduce(
    (sum, { change, failure, writtenAt }) =>
      change && !failure ? withChange(sum, change, { at: writtenAt, name }) : sum,
    content,
  );
}

/**
 * A message's content after a change that the server tells of.
 * @param {Content} content
 * @param {ToldChange} change
 * @param {string} person this visitor's id in the room
 * @returns {Content}
 */
export function withTold(content, { frame, isForReader }, person) {
  switch (frame.type) {
    case "message_edited":
      return { ...content, text: frame.message, edited: Date.parse(frame.edited) };
    case "message_deleted":
      return { ...content, text: "", isDeleted: true, reactions: [], replyTo: undefined };
    case "reactions":
      return { ...content, reactions: reactionsIn(content.reactions, frame, { person, isForReader }) };
    default:
      return content;
  }
}

/**
 * A quote after a change of the message that it is of.
 * @param {Quote} quote
 * @param {ChangedFrame} frame
 * @returns {Quote}
 */
export function requoted(quote, frame) {
  if (frame.type === "message_edited") {
    return { ...quote, message: [...frame.message].slice(0, MAX_QUOTE).join("") };
  }
  if (frame.type !== "message_deleted") return quote;
  return { ...quote, message: "", username: "", deleted: true };
}

/**
 * The reactions after a frame. Only the frames of a history say which reactions are this visitor's own; others say only
 * whose the last one is.
 * @param {readonly Reaction[]} before
 * @param {{ reactions: readonly Reaction[], person?: string, emoji?: string, on?: boolean }} frame
 * @param {{ person: string, isForReader: boolean }} reader
 * @returns {Reaction[]}
 */
export function reactionsIn(before, { reactions, person, emoji, on }, reader) {
  if (reader.isForReader) return [...reactions];
  const mine = new Set(before.filter((reaction) => reaction.mine).map((reaction) => reaction.emoji));
  if (person === reader.person && emoji !== undefined) {
    if (on) mine.add(emoji);
    else mine.delete(emoji);
  }
  return reactions.map((reaction) => mine.has(reaction.emoji) ? { ...reaction, mine: true } : reaction);
}

/**
 * @param {readonly Reaction[]} reactions
 * @param {{ emoji: string, on: boolean }} change
 * @param {string} name
 * @returns {readonly Reaction[]}
 */
function withReaction(reactions, { emoji, on }, name) {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if ((known?.mine ?? false) === on) return reactions;
  if (!known) return [...reactions, { emoji, count: 1, users: [name], mine: true }];
  const { count, users } = known;
  const changed = on
    ? { emoji, count: count + 1, users: [...users, name], mine: /** @type {const} */ (true) }
    : { emoji, count: count - 1, users };
  return reactions.map((other) => other === known ? changed : other).filter((other) => other.count > 0);
}
