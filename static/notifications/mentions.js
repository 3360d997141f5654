import { at } from "../shared/address.js";

/** @import { InboxSocket, Notification } from "./inbox_socket.js" */

/**
 * Mentions in this room are read as soon as their messages have been seen, and what only leads to the room as soon as
 * somebody is in it: nobody has to open the bell for what they are looking at.
 * @param {HTMLElement} list the message list
 * @param {{ socket: InboxSocket, unread: () => Promise<Notification[]> }} parts `unread`: what is, as of now
 * @returns {void}
 */
export function followMentions(list, { socket, unread }) {
  /** @type {Set<string>} the messages that mention this person, and that weren't seen */
  const unseen = new Set();
  /** Those of them that are about no message. @type {Set<string>} */
  const roomOnly = new Set();
  /** @param {Notification} notification */
  const note = ({ id, url }) => {
    const { pathname, searchParams } = new URL(at(url || "/"), location.href);
    if (pathname !== location.pathname) return;
    unseen.add(id);
    if (!searchParams.has("message")) roomOnly.add(id);
  };
  const look = () => {
    if (document.hidden) return;
    const { top, bottom } = list.getBoundingClientRect();
    for (const id of unseen) {
      const row = list.querySelector(`[data-id="${id}"]`)?.getBoundingClientRect();
      const isSeen = roomOnly.has(id)
        ? list.hasAttribute("data-ready")
        : row && row.bottom >= top && row.top <= bottom;
      if (!isSeen) continue;
      unseen.delete(id);
      roomOnly.delete(id);
      socket.markRead(id);
    }
  };
  socket.on("connected", async (count) => {
    if (!count) return;
    (await unread()).forEach(note);
    look();
  });
  socket.on("notification", (notification) => {
    note(notification);
    look();
  });
  for (const name of ["seen", "scroll"]) list.addEventListener(name, look, { passive: true });
  document.addEventListener("visibilitychange", look);
}
