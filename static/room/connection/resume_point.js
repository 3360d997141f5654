/** @import { ChatMessage } from "../../shared/connection/frames.js" */

/** The most messages noted: the gap after a return is at most as large plus what was missed. */
const MAX_MESSAGES = 200;
/** Sorts before every ULID. The server accepts ids that it doesn't know, and sends what sorts after them. */
const BEFORE_ALL = "0".repeat(26);

/**
 * Remembers the message after which to continue when the connection returns.
 *
 * Usually that is the newest message. But which older ones reached the sheet meanwhile is known from the history alone, so
 * the resume point lies before the first message that isn't recorded yet, at most 200 messages back.
 */
export class ResumePoint {
  /** @type {{ id: string, seq: string, isSettled: boolean }[]} in the room's order */
  #messages = [];
  #reachesStart = false;

  /** The id after which to continue; `undefined` before anything was received. @returns {string | undefined} */
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
    if (this.#messages.length <= MAX_MESSAGES) return;
    this.#messages = this.#messages.slice(-MAX_MESSAGES);
    this.#reachesStart = false;
  }

  /** Notes that the room has no messages older than those noted. @returns {void} */
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
