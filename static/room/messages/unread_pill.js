/** @import { Words } from "../../shared/words.js" */

/**
 * The button that scrolls to the end of the list, with the number of messages that arrived meanwhile.
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
  // The list fires `seen` after `arrive`, so the pill stays hidden while the end is in view.
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
