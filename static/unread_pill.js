/** @import { Words } from "./words.js" */

/**
 * Counts what arrived below the place where somebody reads, and leads there.
 * @param {HTMLButtonElement} pill
 * @param {{ list: HTMLElement, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountUnreadPill(pill, { list, words }) {
  const listening = new AbortController();
  const { signal } = listening;
  let count = 0;
  const show = () => {
    pill.hidden = count === 0;
    pill.textContent = count ? words.say("new_messages", { count }) : "";
  };
  list.addEventListener("arrive", (event) => {
    count += /** @type {CustomEvent<number>} */ (event).detail;
    show();
  }, { signal });
  // The list fires `seen` after `arrive`, so at its end the pill never shows.
  list.addEventListener("seen", () => {
    count = 0;
    show();
  }, { signal });
  pill.addEventListener("click", () => {
    list.dispatchEvent(new CustomEvent("toend"));
    list.focus();
  }, { signal });
  return () => listening.abort();
}
