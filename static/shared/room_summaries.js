import { ask } from "./api.js";

/** @import { ChatMessage } from "./connection/frames.js" */

/** @typedef {Pick<ChatMessage, "id" | "username" | "message" | "timestamp" | "deleted">} LastMessage */

/** The most rooms that the server describes at once. */
export const MAX_ROOMS_ASKED = 50;

/**
 * What the service says about a room. About one that this visitor may not enter it says only why. `unread` and `mentions`:
 * only for accounts.
 * @typedef {{ name: string, may_enter: boolean, private: boolean, closed?: true, title?: string, last?: LastMessage | null, unread?: number, mentions?: number }} RoomSummary
 */

/**
 * Asks the service about rooms. Returns an empty array if it can't be reached.
 * @param {string[]} names at most {@link MAX_ROOMS_ASKED}
 * @returns {Promise<RoomSummary[]>}
 */
export async function askRooms(names) {
  const { ok, body } = await ask(
    "GET",
    `/api/rooms?${new URLSearchParams(names.map((name) => ["name", name]))}`,
  );
  return ok ? body.rooms : [];
}

/** Asks for the rooms of the account that is signed in. Returns an empty array if the service can't be reached. @returns {Promise<RoomSummary[]>} */
export async function askMyRooms() {
  const { ok, body } = await ask("GET", "/api/me/rooms");
  return ok ? body.rooms.map((/** @type {object} */ room) => ({ ...room, may_enter: true })) : [];
}
