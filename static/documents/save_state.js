/** @import { DocumentConnection } from "./document_connection.js" */
/** @import { Words } from "../shared/words.js" */

/** Trouble is shown this long, then the state again. */
const TROUBLE_MS = 6_000;

/**
 * Shows whether the text is durable.
 * @param {HTMLElement} element
 * @param {{ connection: DocumentConnection, words: Words, signIn: HTMLElement }} parts
 * @returns {void}
 */
export function mountSaveState(element, { connection, words, signIn }) {
  let isRefused = false;
  /** @type {number | undefined} */
  let trouble;
  /** @param {string} state @param {string} key */
  const show = (state, key) => {
    element.dataset.state = state;
    element.textContent = words.say(key);
  };
  connection.on("state", (state) => {
    if (!isRefused && !trouble) show(state, state);
  });
  connection.on("trouble", (key) => {
    if (isRefused) return;
    clearTimeout(trouble);
    show("trouble", key);
    trouble = setTimeout(() => {
      trouble = undefined;
      if (!isRefused) show(connection.state, connection.state);
    }, TROUBLE_MS);
  });
  connection.on("refused", (why) => {
    isRefused = true;
    signIn.hidden = why !== "signed_out";
    show("trouble", why);
  });
}
