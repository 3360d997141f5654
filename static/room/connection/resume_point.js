/** @import { ChatMessage } from "../../shared/connection/frames.js" */

const MOST_MESSAGES = 200;
/** Less than every ULID; the server takes an id that it doesn't know as the place where it would stand. */
const BEFORE_ALL = "0".repeat(26);

/**
 * Remembers from where to ask the server on return.
 *
 * Usually that is the newest message. But what happened to older ones in the sheet while the connection was
 * away is told by history alone, so the point lies before the first message whose fate is open, at most 200
 * messages back.
 */
export class ResumePoint {
  /** @type {{ id: string, seq: string, isSettled: boolean }[]} in the room's order */
  #messages = [];
  #reachesStart = false;

  /** The id to ask after, or `undefined` where nothing was received yet. @returns {string | undefined} */
  get id() {
    const open = this.#messages.findIndex((message) => !message.isSettled);
    if (open === 0 && this.#reachesStart) return BEFORE_ALL;
    const point = open === -1 ? this.#messages.length - 1 : Math.max(0, open - 1);
    return this.#messages[point]?.id;
  }

  /** @param {readonly ChatMessage[]} messages @returns {void} */
  note(messages) {
    const byId = new Map(this.#messages.map((message) => [message.id, message]));
    for (const { id, seq, recorded, not_recorded } of messages) {
      const isSettled = Boolean(recorded || not_recorded || byId.get(id)?.isSettled);
      byId.set(id, { id, seq, isSettled });
    }
    this.#messages = [...byId.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1));
    if (this.#messages.length <= MOST_MESSAGES) return;
    this.#messages = this.#messages.slice(-MOST_MESSAGES);
    this.#reachesStart = false;
  }

  /** Notes that the room holds nothing before what was noted. @returns {void} */
  reachStart() {
    this.#reachesStart = true;
  }

  /** @param {readonly string[]} ids @returns {void} */
  settle(ids) {
    const settled = new Set(ids);
    for (const message of this.#messages) {
      message.isSettled ||= settled.has(message.id);
    }
  }
}
