/** @import { RoomSocket } from "../connection/room_socket.js" */

/**
 * Does what the buttons in rows are for: to send a refused message again or take it back, and to go to a quoted message.
 * Fires `takeback` and `jump`, see `mountMessageList()`.
 * @param {HTMLElement} list takes `goto`
 * @param {{ socket: RoomSocket, signal: AbortSignal }} parts `signal` unmounts
 * @returns {void}
 */
export function mountMessageClicks(list, { socket, signal }) {
  /** @param {string} name @param {unknown} detail */
  const fire = (name, detail) => list.dispatchEvent(new CustomEvent(name, { detail }));
  list.addEventListener("click", ({ target }) => {
    const closest = (/** @type {string} */ selector) =>
      /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest(selector))?.dataset;
    const clientId = closest("[data-client-id]")?.clientId ?? "";
    switch (closest("[data-action]")?.action) {
      case "retry":
        return socket.retry(clientId);
      case "take-back":
        return void fire("takeback", socket.takeBack(clientId));
      case "quoted":
        fire("jump", closest(".message")?.id);
        return void fire("goto", closest("[data-quoted]")?.quoted);
    }
  }, { signal });
}
