/** @import { ServerFrame } from "../../../rooms/protocol.ts" */

/**
 * A message as the server sends it: `seq` sorts in the room's order; `recorded` and `not_recorded` say what
 * the sheet did with it, where that is known already.
 * @typedef {Extract<ServerFrame, { type: "history" }>["messages"][number]} ChatMessage
 */

/**
 * What a connection hears: a frame, or all messages that came one after the other, which are shown at once.
 * @typedef {Exclude<ServerFrame, { type: "chat_message" }> | { type: "chat_messages", messages: ChatMessage[] }} Heard
 */

/**
 * What one text frame holds, which is one event or an array of them.
 * @param {string} text
 * @returns {Heard[]}
 */
export function decodeFrames(text) {
  const frames = JSON.parse(text);
  /** @type {Heard[]} */
  const heard = [];
  for (const frame of Array.isArray(frames) ? frames : [frames]) {
    const last = heard.at(-1);
    if (frame.type !== "chat_message") heard.push(frame);
    else if (last?.type === "chat_messages") last.messages.push(frame);
    else heard.push({ type: "chat_messages", messages: [frame] });
  }
  return heard;
}
