import { ask } from "./api.js";

/** @import { ChatMessage } from "./connection/frames.js" */

/** @typedef {Pick<ChatMessage, "id" | "username" | "message" | "timestamp" | "deleted">} LastMessage */

/**
 * What the service tells of a room; of one that this person may not enter, only why.
 * @typedef {{ name: string, may_enter: boolean, private: boolean, closed?: true, title?: string, last?: LastMessage }} RoomSummary
 */

/**
 * What the service tells of rooms; nothing while it can't be reached.
 * @param {string[]} names at most 50
 * @returns {Promise<RoomSummary[]>}
 */
export async function askRooms(names) {
  const { ok, body } = await ask(
    "GET",
    `/api/rooms?${new URLSearchParams(names.map((name) => ["name", name]))}`,
  );
  return ok ? body.rooms : [];
}
