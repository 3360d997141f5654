import { followDays } from "../../shared/dates.js";
import { MessageList } from "./message_list.js";

/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { Words } from "../../shared/words.js" */
/** @import { MessageStore } from "./message_store.js" */

/**
 * @typedef {object} ListParts
 * @property {RoomSocket} socket
 * @property {Words} words
 * @property {string} room
 * @property {string} account the account's name, or ""
 * @property {string} seenId the newest message that was seen on an earlier visit, or ""
 */

/**
 * Shows the room's messages. Other parts talk to the list by events on `element`. It fires:
 * - `arrive`: messages of others came live, or were unread when the room opened (detail: their number)
 * - `seen`: the reader is at the end of the list (detail: the newest id)
 * - `place`: the end of the list came into view or left it (detail: whether it is in view)
 * - `takeback`: a refused message or change returns to its author (detail: the {@link Unsent})
 * - `jump`: a quote led to the message that it is of (detail: the id of the reply)
 * - `gone`: the message to go to doesn't exist
 *
 * It listens to `toend`, which scrolls to the end, and to `goto`, which goes to a message (detail: its id).
 * @param {HTMLElement} element
 * @param {ListParts} parts
 * @returns {{ messages: Pick<MessageStore, "itemOf" | "lastOwn">, unmount: () => void }}
 */
export function mountMessageList(element, parts) {
  const list = new MessageList(element, parts);
  const { socket } = parts;
  const offs = [
    socket.on("messages", (event) => list.receive(event)),
    socket.on("unsent", (unsent) => list.showUnsent(unsent)),
    socket.on("settled", ({ clientId, id }) => list.settle(clientId, id)),
    socket.on("recorded", ({ ids, isRecorded }) => list.record(ids, isRecorded)),
    socket.on("changed", (change) => list.change(change)),
    socket.on("welcome", ({ person }) => list.setPerson(person)),
    socket.on("presence", (change) => list.showJoinOrLeave(change)),
    socket.on("renamed", (renaming) => list.showRenaming(renaming)),
    followDays(() => list.showDays()),
  ];
  socket.showUnsent();
  const unmount = () => {
    offs.forEach((off) => off());
    list.release();
  };
  return { messages: list.messages, unmount };
}
