/** @import { Words } from "../../shared/words.js" */

/** How long the notice stays. */
const SHOWN_MS = 8_000;
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/**
 * Goes to the message in the page's address, `?message=<id>`, and to messages whose links are followed while the page is
 * open.
 * @param {HTMLElement} notice says when there is no such message
 * @param {{ list: HTMLElement, words: Words }} parts `list` takes `goto`, and fires `gone`
 * @returns {() => void} unmounts
 */
export function mountJumpToMessage(notice, { list, words }) {
  const listening = new AbortController();
  const { signal } = listening;
  /** @type {number | undefined} */
  let timer;
  const say = (/** @type {string} */ sentence) => {
    clearTimeout(timer);
    notice.textContent = sentence;
    notice.hidden = !sentence;
    if (sentence) timer = setTimeout(() => say(""), SHOWN_MS);
  };
  /** @param {URL} url */
  const goTo = (url) => {
    const id = url.searchParams.get("message") ?? "";
    if (ID.test(id)) list.dispatchEvent(new CustomEvent("goto", { detail: id }));
  };
  list.addEventListener("gone", () => say(words.say("message_gone")), { signal });
  document.addEventListener("follow", (event) => {
    const url = new URL(/** @type {CustomEvent<string>} */ (event).detail);
    if (url.origin !== location.origin || url.pathname !== location.pathname) return;
    event.preventDefault();
    goTo(url);
  }, { signal });
  const address = new URL(location.href);
  goTo(address);
  if (address.searchParams.has("message")) {
    // A reload should show what is new, not this message again.
    address.searchParams.delete("message");
    history.replaceState(history.state, "", address);
  }
  return () => listening.abort();
}
