/** The address of a room, to go there and to hand on. */
import { at } from "../shared/address.js";

/** @import { Words } from "../shared/words.js" */

/**
 * Copies the address of the button's room (`data-room`), and says so on the button for 2 s.
 * @param {HTMLButtonElement} button
 * @param {Words} words
 * @returns {Promise<void>}
 */
export async function copyRoomLink(button, words) {
  const link = new URL(roomPath(button.dataset.room ?? ""), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    // Without TLS there is no clipboard: people copy the address from a prompt.
    prompt(words.say("copy_link"), link);
    return;
  }
  button.dataset.copied = words.say("copied");
  setTimeout(() => delete button.dataset.copied, 2_000);
}

/** @param {string} room @returns {string} */
export function roomPath(room) {
  return at(`/chat/${encodeURIComponent(room)}/`);
}
