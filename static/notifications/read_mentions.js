import { at } from "../shared/address.js";

/** @import { InboxSocket, Notification } from "./inbox_socket.js" */

/**
 * Marks notifications as read without the bell: mentions once their message was visible in this room, and notifications about
 * the room itself once it is open.
 * @param {HTMLElement} list the message list
 * @param {{ socket: InboxSocket, unread: () => Promise<Notification[]> }} parts `unread` loads the unread notifications
 * @returns {void}
 */
export function followMentions(list, { socket, unread }) {
  /** @type {Set<string>} ids of notifications about this room that are unread */
  const unseen = new Set();
  /** Those of them that are about the room and no message. @type {Set<string>} */
  const roomOnly = new Set();
  /** @param {Notification} notification */
  const note = ({ id, url }) => {
    const { pathname, searchParams } = new URL(at(url || "/"), location.href);
    if (pathname !== location.pathname) return;
    unseen.add(id);
    if (!searchParams.has("message")) roomOnly.add(id);
  };
  const markSeen = () => {
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
    markSeen();
  });
  socket.on("notification", (notification) => {
    note(notification);
    markSeen();
  });
  for (const name of ["seen", "scroll"]) list.addEventListener(name, markSeen, { passive: true });
  document.addEventListener("visibilitychange", markSeen);
}
