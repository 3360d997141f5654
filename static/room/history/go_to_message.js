/** @import { RoomEvents } from "../connection/room_events.js" */
/** @import { ScrollAnchor } from "../messages/scroll_anchor.js" */
/** @import { DrawQueue, Task } from "../messages/draw_queue.js" */
/** @import { MessageStore } from "../messages/message_store.js" */
/** @import { HistoryLoader } from "./history_loader.js" */
/** @import { HistoryPart, HistoryWindow } from "./history_window.js" */

/**
 * @typedef {object} GoToMessageParts
 * @property {MessageStore} store
 * @property {HistoryLoader} history
 * @property {HistoryWindow} window
 * @property {DrawQueue} drawing
 * @property {ScrollAnchor} anchor
 * @property {(messages: RoomEvents["messages"]) => Task} draw
 * @property {() => void} gone called when there is no such message
 */

/**
 * Goes to a message, however far back: one that isn't loaded is drawn with what was said on both sides of it. Where that
 * doesn't touch what the list holds, it takes its place, and the reader pages on from there in both directions.
 */
export class GoToMessage {
  #parts;
  /** The message that was asked for before the list was there, or "". */
  #wantedId = "";

  /** @param {GoToMessageParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Whether a message waits for the list. @returns {boolean} */
  get isWanted() {
    return this.#wantedId !== "";
  }

  /** Goes to a message once the list is there. @param {string} id @returns {void} */
  want(id) {
    this.#wantedId = id;
  }

  /** Goes to the message that was asked for. @returns {void} */
  opened() {
    if (this.#wantedId) this.goTo(this.#wantedId);
    this.#wantedId = "";
  }

  /** Does nothing where the service can't be reached. @param {string} id @returns {Promise<void>} */
  async goTo(id) {
    const { store, window, drawing, gone } = this.#parts;
    const known = store.itemOf(id);
    if (known) return known.row.goTo();
    const part = await window.loadAround(id);
    if (!part) return;
    if (!part.messages.some((message) => message.id === id)) return gone();
    drawing.add(this.#drawn(part, id));
  }

  /** @param {HistoryPart} part @param {string} id @returns {Task} */
  *#drawn({ messages, hasOlder, isAll }, id) {
    const { store, history, window, anchor, draw } = this.#parts;
    history.giveUpSeen();
    const [first] = messages;
    const isApart = !store.has(messages[messages.length - 1].id);
    if (isApart) window.replace();
    anchor.isFollowing = false;
    if (!store.has(first.id)) history.hasOlder = hasOlder;
    yield* draw({ messages: isAll ? window.withSkipped(messages) : messages, from: "newer", more: false });
    if (isAll) window.attach();
    anchor.isFollowing = !window.isDetached;
    yield () => store.itemOf(id)?.row.goTo();
  }
}
