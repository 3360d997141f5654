/** @import { Words } from "../../shared/words.js" */

/**
 * Leads to the end of the list, from wherever else somebody reads, and counts what arrived there.
 * @param {HTMLButtonElement} pill
 * @param {{ list: HTMLElement, words: Words }} parts `list` fires `arrive`, `seen` and `place`, and takes `toend`
 * @returns {() => void} unmounts
 */
export function mountUnreadPill(pill, { list, words }) {
  const text = /** @type {HTMLElement} */ (pill.querySelector("[data-part=pill-text]"));
  const listening = new AbortController();
  const { signal } = listening;
  let count = 0;
  let isAtEnd = true;
  const show = () => {
    pill.hidden = isAtEnd && count === 0;
    pill.ariaLabel = count ? null : words.say("to_end");
    pill.toggleAttribute("data-count", count > 0);
    text.textContent = count ? words.say("new_messages", { count }) : "";
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
  list.addEventListener("place", (event) => {
    isAtEnd = /** @type {CustomEvent<boolean>} */ (event).detail;
    show();
  }, { signal });
  pill.addEventListener("click", () => {
    list.dispatchEvent(new CustomEvent("toend"));
    list.focus();
  }, { signal });
  return () => listening.abort();
}
