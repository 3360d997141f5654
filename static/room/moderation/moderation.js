import { part } from "../../shared/parts.js";
import { pageWords } from "../../shared/words.js";
import { mountApprovalQueue } from "./approval_queue.js";
import { mountModerateDialog } from "./moderate_dialog.js";

/** @import { RoomSocket } from "../connection/room_socket.js" */

/**
 * Mounts the parts for hosts; others don't see them.
 * @param {HTMLElement} list the messages
 * @param {{ socket: RoomSocket, room: string }} parts
 * @returns {() => void} unmounts
 */
export function mountModeration(list, { socket, room }) {
  const path = `/api/rooms/${encodeURIComponent(room)}`;
  const words = pageWords();
  const unmounts = [
    mountApprovalQueue(part("queue"), { socket, words, path, before: list }),
    mountModerateDialog(/** @type {HTMLDialogElement} */ (part("moderate")), {
      people: part("people"),
      words,
      path,
      isOwn: (person) => person === socket.person,
    }),
  ];
  return () => unmounts.forEach((unmount) => unmount());
}
