import { lineOf } from "./quote_line.js";
import { element, part } from "../../shared/parts.js";

/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

/**
 * Shows above the messages what is pinned to the room: the newest of it, and all when it is opened. A line leads to its
 * message.
 * @param {HTMLDetailsElement} bar
 * @param {{ socket: RoomSocket, words: Words, list: HTMLElement }} parts `list` takes `goto`
 * @returns {() => void} unmounts
 */
export function mountPinsBar(bar, { socket, words, list }) {
  const rows = part("pins-list", bar);
  const off = socket.on("pins", (messages) => {
    const newest = messages.at(-1);
    bar.hidden = !newest;
    if (!newest) bar.open = false;
    const count = messages.length;
    part("pins-count", bar).textContent = words.say("pinned", { count });
    part("pins-newest", bar).textContent = newest ? lineOf(newest.message) : "";
    rows.replaceChildren(
      ...messages.toReversed().map(({ id, username, message }) => {
        const text = words.say("quote", { name: username, text: lineOf(message) });
        const properties = { className: "pins__message", dir: "auto", data: { id } };
        return element("li", {}, element("button", { type: "button", ...properties }, text));
      }),
    );
  });
  const listening = new AbortController();
  rows.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("button"));
    if (!button) return;
    bar.open = false;
    list.dispatchEvent(new CustomEvent("goto", { detail: button.dataset.id }));
  }, { signal: listening.signal });
  return () => {
    off();
    listening.abort();
  };
}
