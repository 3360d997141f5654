import { ask } from "./api.js";
import { isRoomsOwn } from "./connection_bar.js";

/** @import { RoomSocket } from "./socket.js" */
/** @import { Words } from "./words.js" */

/**
 * Shows what the room's rules are: its title, and that only some may speak, or enter.
 * @param {{ socket: RoomSocket, words: Words, isChanger: boolean, isReadOnly: boolean }} parts `isChanger`: may this person change them
 * @returns {() => void} unmounts
 */
export function mountRules({ socket, words, isChanger, isReadOnly }) {
  const title = /** @type {HTMLElement} */ (document.querySelector("[data-part=title]"));
  const field = /** @type {HTMLTextAreaElement} */ (document.querySelector(".composer__field"));
  const { placeholder } = field;
  let isClosed = isReadOnly;
  const show = () => {
    const { connection } = socket;
    field.disabled = isClosed || (connection.state === "refused" && isRoomsOwn(connection));
    field.placeholder = isClosed ? words.say("read_only") : placeholder;
  };
  show();
  const offs = [
    socket.on("connection", show),
    socket.on("rules", (rules) => {
      title.textContent = rules.title;
      isClosed = rules.isReadOnly && !isChanger;
      show();
    }),
  ];
  return () => offs.forEach((off) => off());
}

/**
 * Deletes a message for everyone, once its reader has said yes.
 * @param {string} room
 * @param {string} id
 * @param {Words} words
 * @returns {Promise<void>}
 */
export async function deleteMessage(room, id, words) {
  if (!confirm(words.say("delete_question"))) return;
  const path = `/api/rooms/${encodeURIComponent(room)}/messages/${encodeURIComponent(id)}`;
  const { ok } = await ask("DELETE", path);
  if (!ok) alert(words.say("delete_failed"));
}
