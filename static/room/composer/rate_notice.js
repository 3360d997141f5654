/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

const SECOND_MS = 1_000;

/**
 * Says for how many seconds messages wait because the server asked to slow down.
 * @param {HTMLElement} line
 * @param {{ socket: RoomSocket, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountRateNotice(line, { socket, words }) {
  let until = 0;
  /** @type {number | undefined} */
  let ticking;
  const show = () => {
    const seconds = Math.ceil((until - Date.now()) / SECOND_MS);
    line.hidden = seconds <= 0;
    if (line.hidden) clearInterval(ticking);
    else line.textContent = words.say("slowed", { seconds });
  };
  const off = socket.on("paused", (time) => {
    until = time;
    clearInterval(ticking);
    ticking = setInterval(show, SECOND_MS);
    show();
  });
  return () => {
    off();
    clearInterval(ticking);
  };
}
