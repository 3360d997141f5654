/** @import { RoomSocket } from "./room_socket.js" */

/** The shortest interval between two reports of what was read. */
const SENT_EVERY_MS = 400;

/**
 * Sends the service up to which message this account has read, so that its other devices know. What is read without a
 * connection is sent once there is one.
 * @param {HTMLElement} list the message list, which fires `seen`
 * @param {{ socket: RoomSocket }} parts
 * @returns {() => void} unmounts
 */
export function mountReadMark(list, { socket }) {
  const listening = new AbortController();
  let seen = "";
  let sent = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const send = () => {
    if (timer !== undefined || seen <= sent || !socket.sendRead(seen)) return;
    sent = seen;
    timer = setTimeout(() => {
      timer = undefined;
      send();
    }, SENT_EVERY_MS);
  };
  list.addEventListener("seen", (event) => {
    seen = /** @type {CustomEvent<string>} */ (event).detail;
    send();
  }, { signal: listening.signal });
  const off = socket.on("connection", send);
  return () => {
    off();
    listening.abort();
    clearTimeout(timer);
  };
}
