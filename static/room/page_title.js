import { markTitle } from "../shared/title_marks.js";

/**
 * Shows in the window's title how many messages came while the page was hidden.
 * @param {HTMLElement} list the message list, which fires `arrive`
 * @returns {() => void} unmounts
 */
export function mountPageTitle(list) {
  const listening = new AbortController();
  const { signal } = listening;
  let count = 0;
  list.addEventListener("arrive", (event) => {
    if (!document.hidden) return;
    count += /** @type {CustomEvent<number>} */ (event).detail;
    markTitle("messages", count);
  }, { signal });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    count = 0;
    markTitle("messages", count);
  }, { signal });
  return () => listening.abort();
}
