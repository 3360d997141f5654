import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { closePush, isPushed } from "./push.js";
import { playSound } from "./sound.js";

/** @import { InboxSocket, RoomUnread } from "./inbox_socket.js" */

/** Messages that come within this time are told together. */
const GATHERED_MS = 1_000;

/**
 * Sounds and the browser's own notifications for messages in rooms that this account watches, those of one room in one
 * notification. The room that is in view makes none, nor does anything in quiet hours. Mentions have notifications of their
 * own, see `desktop_notices.js`, and here a sound.
 */
export class RoomNotices {
  #say;
  /** @type {Map<string, RoomUnread>} the rooms as the service told last */
  #rooms = new Map();
  /** @type {Map<string, Notification>} by room */
  #shown = new Map();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} by room */
  #gathering = new Map();

  /** @param {{ socket: InboxSocket, say: (count: number) => string }} parts `say` says how many messages are new */
  constructor({ socket, say }) {
    this.#say = say;
    socket.on("room", (change) => this.#heard(change));
  }

  /** @param {RoomUnread} change */
  #heard(change) {
    const { room, unread, mentions, level } = change;
    const before = this.#rooms.get(room);
    this.#rooms.set(room, change);
    if (!unread) this.#end(room);
    const isInView = !document.hidden && document.body.dataset.room === room;
    const isNew = before !== undefined && unread > before.unread;
    if (!isNew || isInView || level === "none") return;
    if (level === "all" || mentions > before.mentions) this.#gather(room, before.mentions);
  }

  /** @param {string} room @param {number} mentionsBefore */
  #gather(room, mentionsBefore) {
    if (this.#gathering.has(room)) return;
    const show = () => {
      this.#gathering.delete(room);
      this.#show(room, mentionsBefore);
    };
    this.#gathering.set(room, setTimeout(show, GATHERED_MS));
  }

  /** @param {string} room @param {number} mentionsBefore */
  async #show(room, mentionsBefore) {
    const { body } = await ask("GET", "/api/me/settings");
    const now = this.#rooms.get(room);
    if (!now?.unread || body.is_quiet !== false) return;
    const { unread, mentions, title, level } = now;
    playSound(mentions > mentionsBefore ? "mention" : "message");
    if (level !== "all" || !document.hidden || !isAllowed() || await isPushed()) return;
    try {
      const shown = new Notification(title || room, { body: this.#say(unread), tag: `room/${room}` });
      this.#shown.set(room, shown);
      shown.onclick = () => {
        focus();
        shown.close();
        location.assign(at(`/chat/${encodeURIComponent(room)}/`));
      };
    } catch {
      // Browsers on Android show none for a page without a service worker.
    }
  }

  /** @param {string} room */
  #end(room) {
    clearTimeout(this.#gathering.get(room));
    this.#gathering.delete(room);
    this.#shown.get(room)?.close();
    this.#shown.delete(room);
    // Not in private windows.
    closePush(room).catch(() => {});
  }
}

function isAllowed() {
  return "Notification" in globalThis && Notification.permission === "granted";
}
