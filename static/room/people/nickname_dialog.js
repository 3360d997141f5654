/** @import { Words } from "../../shared/words.js" */

/**
 * Asks for a nickname. Guests who give none get a random number, so that they differ from each other.
 * @param {HTMLDialogElement} dialog
 * @param {{ words: Words, current: string, random: () => number }} parts
 * @returns {Promise<string>} the nickname, or `current` if there is one and the dialog was cancelled
 */
export function askNickname(dialog, { words, current, random }) {
  const field = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const guest = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-part=guest]"));
  const anonymous = words.say("anonymous") +
    String(Math.floor(1_000 + random() * 9_000));
  let name = "";
  field.value = current;
  dialog.showModal();
  return new Promise((resolve) => {
    guest.onclick = () => dialog.close();
    form.onsubmit = (event) => {
      event.preventDefault();
      name = field.value.trim();
      dialog.close();
    };
    // Not by the dialog's `returnValue`: browsers empty it when a dialog is left by Escape.
    dialog.oncancel = () => void (name = current);
    dialog.onclose = () => resolve(name || anonymous);
  });
}
