/** @import { Words } from "../../shared/words.js" */

/**
 * Asks for a nickname. Without one, a number tells this guest from the other anonymous ones.
 * @param {HTMLDialogElement} dialog
 * @param {{ words: Words, current: string, random: () => number }} parts
 * @returns {Promise<string>} the nickname, or `current` when the dialog was closed and there is one
 */
export function askNickname(dialog, { words, current, random }) {
  const field = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const guest = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-part=guest]"));
  const anonymous = words.say("anonymous") +
    String(Math.floor(1_000 + random() * 9_000));
  field.value = current;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    guest.onclick = () => {
      field.value = "";
      dialog.close();
    };
    dialog.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close(field.value.trim());
    }, { once: true });
    dialog.oncancel = () => (dialog.returnValue = current);
    dialog.onclose = () => resolve(dialog.returnValue || anonymous);
  });
}
