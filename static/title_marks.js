/** @type {Map<"messages" | "notifications", number>} */
const counts = new Map();
let title = "";

/**
 * Shows before the window's title how many messages and notifications wait.
 * @param {"messages" | "notifications"} what
 * @param {number} count
 * @returns {void}
 */
export function markTitle(what, count) {
  title ||= document.title;
  counts.set(what, count);
  const { messages, notifications } = Object.fromEntries(counts);
  const mark = messages && notifications ? `${messages} · 🔔${notifications}` : messages || notifications;
  document.title = mark ? `(${mark}) ${title}` : title;
}
