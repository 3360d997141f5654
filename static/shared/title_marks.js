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
  counts.set(what, count);
  show();
}

/**
 * Shows what the page is about under its new name.
 * @param {string} from what the window's title begins with
 * @param {string} to
 * @returns {void}
 */
export function renameTitle(from, to) {
  title ||= document.title;
  if (title.startsWith(from)) title = to + title.slice(from.length);
  show();
}

function show() {
  title ||= document.title;
  const { messages, notifications } = Object.fromEntries(counts);
  const mark = messages && notifications ? `${messages} · 🔔${notifications}` : messages || notifications;
  document.title = mark ? `(${mark}) ${title}` : title;
}
