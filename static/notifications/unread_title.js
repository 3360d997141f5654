import { markTitle } from "../shared/title_marks.js";

/** @import { InboxSocket } from "./inbox_socket.js" */

/**
 * Shows in the window's title, and on the icon of the app where it is installed, how many messages of this account's rooms are unread, and tells the page's lists of rooms what is
 * unread in each (`roomunread` on the document). The room that is in view
 * doesn't count, nor do muted ones.
 * @param {InboxSocket} socket
 * @returns {void}
 */
export function followRooms(socket) {
  /** @type {Map<string, number>} by room */
  const counts = new Map();
  const { room: here } = document.body.dataset;
  const show = () => {
    let total = 0;
    for (const [room, count] of counts) if (document.hidden || room !== here) total += count;
    markTitle("messages", total);
    mark(total);
  };
  socket.on("room", (change) => {
    counts.set(change.room, change.level === "none" ? 0 : change.unread);
    show();
    document.dispatchEvent(new CustomEvent("roomunread", { detail: change }));
  });
  document.addEventListener("visibilitychange", show);
}

/** Browsers without installed apps have no such icon. @param {number} count @returns {void} */
function mark(count) {
  const marked = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  marked?.catch(() => {});
}
