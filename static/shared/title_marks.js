/** @type {Map<"messages" | "notifications", number>} */
const counts = new Map();
let title = "";

/**
 * Shows a number of new messages or notifications before the window's title.
 * @param {"messages" | "notifications"} what
 * @param {number} count
 * @returns {void}
 */
export function markTitle(what, count) {
  counts.set(what, count);
  show();
}

/**
 * Replaces the name at the beginning of the title.
 * @param {string} from the name that it begins with now
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
