/** @import { ActionsParts } from "./actions/actions.js" */

/** Made by `deno task bundle`. */
const MODULE = "./room_actions.js";

/**
 * Loads what can be done with messages once the room is there: who is on a slow line reads sooner. It is tried again with
 * each connection until it is loaded.
 * @param {HTMLElement} list
 * @param {ActionsParts} parts
 * @returns {void}
 */
export function loadActions(list, parts) {
  const off = parts.socket.on("messages", async () => {
    off();
    try {
      const { mountActions } = await import(MODULE);
      mountActions(list, parts);
      list.toggleAttribute("data-actions", true);
    } catch {
      const again = parts.socket.on("connection", ({ state }) => {
        if (state !== "open") return;
        again();
        loadActions(list, parts);
      });
    }
  });
}
