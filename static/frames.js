/** @import { ServerFrame } from "../rooms/protocol.ts" */

/**
 * A message as the server sends it: `seq` sorts in the room's order; `recorded` and `not_recorded` say what
 * the sheet did with it, where that is known already.
 * @typedef {Extract<ServerFrame, { type: "history" }>["messages"][number]} ChatMessage
 */

/**
 * The events of one text frame, which holds one of them or an array.
 * @param {string} text
 * @returns {ServerFrame[]}
 */
export function decodeFrames(text) {
  const frames = JSON.parse(text);
  return Array.isArray(frames) ? frames : [frames];
}
