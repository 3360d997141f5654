import { ask } from "../shared/api.js";
import { isShut } from "./connection/refusal.js";
import { hueOf, paintAvatar } from "../shared/person.js";
import { renameTitle } from "../shared/title_marks.js";

/** @import { RoomRules, RoomSocket } from "./connection/room_socket.js" */
/** @import { Words } from "../shared/words.js" */

/**
 * Shows what the room's rules are: its title, whether it is private, who may change it, and that only some may speak,
 * or nobody. What the page was made with may be out of date: whoever enters a new room becomes its creator only then.
 * @param {{ socket: RoomSocket, words: Words, room: string }} parts
 * @returns {() => void} unmounts
 */
export function mountRules({ socket, words, room }) {
  const part = (
    /** @type {string} */ name,
  ) => /** @type {HTMLElement} */ (document.querySelector(`[data-part="${name}"]`));
  const composer = part("composer");
  const field = /** @type {HTMLTextAreaElement} */ (composer.querySelector("textarea"));
  const { placeholder } = field;
  const page = document.body.dataset;
  let isClosed = page.closed === "true";
  let isReadOnly = page.readOnly === "true";
  let isRefused = false;
  const showField = () => {
    const { connection } = socket;
    // While it is asked whether the room is open again, it is still shut.
    if (connection.state !== "connecting") isRefused = isShut(connection);
    const why = isClosed ? "room_closed" : isReadOnly ? "read_only" : isRefused ? "cannot_write" : "";
    field.disabled = why !== "";
    field.placeholder = why ? words.say(why) : placeholder;
    composer.dispatchEvent(new Event("available"));
  };
  /** @param {RoomRules} rules */
  const show = (rules) => {
    if (rules.mayChange !== undefined) page.mayChange = String(rules.mayChange);
    page.private = String(rules.isPrivate);
    part("title").textContent = rules.title;
    part("title").title = rules.title === room ? "" : room;
    renameTitle(part("title").dataset.name ?? "", rules.title);
    part("title").dataset.name = rules.title;
    paintAvatar(part("room-avatar"), rules.title, hueOf(room));
    isClosed = rules.isClosed;
    isReadOnly = rules.isReadOnly && page.mayChange !== "true";
    showField();
  };
  part("title").dataset.name = part("title").textContent ?? "";
  paintAvatar(part("room-avatar"), part("title").dataset.name || room, hueOf(room));
  showField();
  const offs = [socket.on("connection", showField), socket.on("rules", show)];
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
