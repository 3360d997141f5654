/** @import { ServerFrame } from "../../../rooms/protocol.ts" */

/**
 * A message as the server sends it. `seq` sorts in the room's order. `recorded`: it is in the sheet; `not_recorded`: it never
 * will be; neither while that is unknown.
 * @typedef {Extract<ServerFrame, { type: "history" }>["messages"][number]} ChatMessage
 */

/**
 * What a connection receives: a frame, or all messages that came in succession, which are shown together.
 * @typedef {Exclude<ServerFrame, { type: "chat_message" }> | { type: "chat_messages", messages: ChatMessage[] }} ReceivedFrame
 */

/**
 * Decodes a text frame, which holds one event or an array of them.
 * @param {string} text
 * @returns {ReceivedFrame[]}
 */
export function decodeFrames(text) {
  const frames = JSON.parse(text);
  /** @type {ReceivedFrame[]} */
  const received = [];
  for (const frame of Array.isArray(frames) ? frames : [frames]) {
    const last = received.at(-1);
    if (frame.type !== "chat_message") received.push(frame);
    else if (last?.type === "chat_messages") last.messages.push(frame);
    else received.push({ type: "chat_messages", messages: [frame] });
  }
  return received;
}
