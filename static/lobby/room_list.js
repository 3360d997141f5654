import { copyOf } from "../shared/parts.js";
import { TimeFormat } from "../shared/dates.js";
import { writeLast, writeRoom, writeTitle, writeUnread } from "./room_row.js";

/** @import { ChangedFrame } from "../../rooms/protocol.ts" */
/** @import { RoomSummary } from "../shared/room_summaries.js" */
/** @import { Words } from "../shared/words.js" */

/** @typedef {Partial<RoomSummary> & { name: string }} Update what is new of a room */

/** @typedef {{ element: HTMLElement, summary: RoomSummary, visitedAt: number }} Row */

/** The rows of a list of rooms, that with the newest message first. */
export class RoomList {
  #element;
  #words;
  #current;
  #seenId;
  #format;
  #template;
  /** @type {Map<string, Row>} by room */
  #rows = new Map();
  /** Rooms that were updated since the last {@link beginUpdate}. @type {Set<string>} */
  #updated = new Set();

  /**
   * @param {HTMLElement} element
   * @param {{ words: Words, current: string | undefined, seenId?: (room: string) => string }} parts `current`: the room of this page;
   * `seenId`: the newest message seen in a room, where the browser knows it and not the service
   */
  constructor(element, { words, current, seenId }) {
    this.#element = element;
    this.#words = words;
    this.#current = current;
    this.#seenId = seenId;
    this.#format = new TimeFormat(words);
    this.#template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=room]"));
  }

  /** @returns {boolean} */
  get isEmpty() {
    return this.#rows.size === 0;
  }

  /** @param {string} room @returns {boolean} */
  has(room) {
    return this.#rows.has(room);
  }

  /**
   * Adds a room of which nothing else is known yet.
   * @param {string} room
   * @param {number} [visitedAt] its place while it has no message, in milliseconds since the epoch
   * @returns {Row}
   */
  add(room, visitedAt = 0) {
    const element = copyOf(this.#template);
    writeRoom(element, room, room === this.#current);
    const row = { element, summary: { name: room, may_enter: true, private: false }, visitedAt };
    this.#rows.set(room, row);
    this.#place(row);
    return row;
  }

  /** Shows what is new of a room, and moves it to its place. @param {Update} update @returns {void} */
  update(update) {
    this.#updated.add(update.name);
    const row = this.#rows.get(update.name) ?? this.add(update.name);
    row.summary = { ...row.summary, ...update };
    this.#draw(row);
  }

  /**
   * Begins a request: its answer may be older than what is heard meanwhile. Rooms that are updated until then keep that.
   * @returns {{ update: (update: Update) => void }}
   */
  beginUpdate() {
    const updated = this.#updated = new Set();
    return {
      update: (update) => {
        const { title, private: isPrivate, closed } = update;
        this.update(
          updated.has(update.name) ? { name: update.name, title, private: isPrivate, closed } : update,
        );
      },
    };
  }

  /** Applies what was done to a message. @param {string} room @param {ChangedFrame} frame @returns {void} */
  revise(room, frame) {
    const last = this.#rows.get(room)?.summary.last;
    if (frame.type === "message_edited" && last?.id === frame.message_id) {
      this.update({ name: room, last: { ...last, message: frame.message } });
    }
    if (frame.type === "message_deleted" && last?.id === frame.id) {
      this.update({ name: room, last: { ...last, message: "", deleted: true } });
    }
  }

  /** @param {Row} row */
  #draw(row) {
    const { element, summary } = row;
    const { name, last, unread = 0, mentions = 0 } = summary;
    writeTitle(element, summary);
    writeLast(element, summary, { words: this.#words, format: this.#format });
    const isUnseen = last !== undefined && last !== null && last.id > (this.#seenId?.(name) ?? "");
    const shown = this.#seenId ? isUnseen : { unread, mentions };
    writeUnread(element, name === this.#current ? false : shown, this.#words);
    this.#place(row);
  }

  /** @param {Row} row */
  #place(row) {
    const after = [...this.#rows.values()]
      .filter((other) => other !== row && other.element.isConnected && timeOf(other) < timeOf(row));
    const next =
      [...this.#element.children].find((child) => after.some(({ element }) => element === child)) ?? null;
    if (row.element.isConnected && row.element.nextElementSibling === next) return;
    const focused = row.element.contains(document.activeElement) ? document.activeElement : undefined;
    this.#element.insertBefore(row.element, next);
    // A row that moves loses the focus.
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}

/** @param {Row} row @returns {number} */
function timeOf({ summary: { last }, visitedAt }) {
  return last ? Date.parse(last.timestamp) : visitedAt;
}
