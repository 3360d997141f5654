import { part } from "../shared/parts.js";
import { isShut } from "./connection/refusal.js";
import { hueOf, paintAvatar } from "../shared/person.js";
import { renameTitle } from "../shared/title_marks.js";

/** @import { RoomRules } from "./connection/room_events.js" */
/** @import { RoomSocket } from "./connection/room_socket.js" */
/** @import { Words } from "../shared/words.js" */

/**
 * Shows the room's title and what is permitted in it: whether it is private, read-only or closed, and whether this visitor
 * may change it. The page that the server rendered may be out of date: the first to enter a new room becomes its creator.
 * @param {{ socket: RoomSocket, words: Words, room: string }} parts
 * @returns {() => void} unmounts
 */
export function mountPermissions({ socket, words, room }) {
  const composer = part("composer");
  const field = /** @type {HTMLTextAreaElement} */ (composer.querySelector("textarea"));
  const { placeholder } = field;
  const page = document.body.dataset;
  let isClosed = page.closed === "true";
  let isReadOnly = page.readOnly === "true";
  let isRefused = false;
  const showField = () => {
    const { connection } = socket;
    // While a closed room is retried it is still closed.
    if (connection.state !== "connecting") isRefused = isShut(connection);
    const why = isClosed ? "room_closed" : isReadOnly ? "read_only" : isRefused ? "cannot_write" : "";
    field.disabled = why !== "";
    field.placeholder = why ? words.say(why) : placeholder;
    page.mayWrite = String(!isClosed && !isReadOnly);
    composer.dispatchEvent(new Event("available"));
  };
  /** @param {RoomRules} rules */
  const show = (rules) => {
    if (rules.mayChange !== undefined) page.mayChange = String(rules.mayChange);
    if (rules.mayChange !== undefined) page.mayModerate = String(rules.mayChange || rules.isHost);
    part("about").textContent = rules.description;
    part("about").hidden = !rules.description;
    page.private = String(rules.isPrivate);
    part("title").textContent = rules.title;
    part("title").title = rules.title === room ? "" : room;
    renameTitle(part("title").dataset.name ?? "", rules.title);
    part("title").dataset.name = rules.title;
    paintAvatar(part("room-avatar"), rules.title, hueOf(room));
    isClosed = rules.isClosed;
    isReadOnly = rules.isReadOnly && page.mayModerate !== "true";
    showField();
  };
  part("title").dataset.name = part("title").textContent ?? "";
  paintAvatar(part("room-avatar"), part("title").dataset.name || room, hueOf(room));
  showField();
  const offs = [socket.on("connection", showField), socket.on("rules", show)];
  return () => offs.forEach((off) => off());
}
