import { copyOf, part } from "../../shared/parts.js";
import { ask } from "../../shared/api.js";
import { paintPerson } from "../../shared/person_colors.js";

/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

/**
 * Lists the members of a private room, online or not.
 * @param {HTMLElement} section
 * @param {object} parts
 * @param {RoomSocket} parts.socket
 * @param {Words} parts.words
 * @param {string} parts.room
 * @param {(names: string[]) => void} parts.known called with their names, none where the room isn't private
 * @returns {() => void} unmounts
 */
export function mountRoomMembers(section, { socket, words, room, known }) {
  const list = /** @type {HTMLElement} */ (section.querySelector("[data-part=member-list]"));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=person]"));
  /** @param {{ name: string, creator?: true }} person */
  const rowOf = ({ name, creator }) => {
    const row = copyOf(template);
    paintPerson(part("avatar", row), name);
    part("name", row).textContent = part("name", row).title = name;
    part("remark", row).textContent = creator ? words.say("creator") : "";
    return row;
  };
  return socket.on("rules", async ({ isPrivate }) => {
    const { body } = isPrivate ? await ask("GET", `/api/rooms/${encodeURIComponent(room)}`) : { body: {} };
    /** @type {{ name: string, creator?: true }[]} */
    const people = body.people ?? [];
    known(people.map(({ name }) => name));
    section.hidden = people.length === 0;
    list.replaceChildren(...people.map(rowOf));
  });
}
