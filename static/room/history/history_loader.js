import { timeOfId } from "../../shared/dates.js";
import { MAX_HISTORY_PAGE } from "../connection/room_socket.js";

/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { MessageRows } from "../messages/message_rows.js" */
/** @import { MessageStore } from "../messages/message_store.js" */

/** Clocks of machines that give ids differ by less than this; the server's `rooms/messages/archive.ts` assumes the same. */
export const CLOCKS_DIFFER_MS = 60_000;
/** The most unread messages that are loaded to open a room at the first of them. */
const MAX_UNREAD = 1_000;

/** Loads older messages: a page while the reader scrolls up, or all back to the last one that they have seen. */
export class HistoryLoader {
  /** Whether the server has messages older than those loaded. */
  hasOlder = false;
  /** The id of the last message that the reader has seen, until the list has gone to the one after it; or "". */
  seenId = "";
  /** Messages loaded on the way there. They are drawn together once it is found. @type {ChatMessage[]} */
  #collected = [];
  /** The latest request asked for messages before this one. @type {string | undefined} */
  #askedBefore;
  #socket;
  #rows;
  #store;

  /** @param {{ socket: RoomSocket, rows: MessageRows, store: MessageStore }} parts */
  constructor({ socket, rows, store }) {
    this.#socket = socket;
    this.#rows = rows;
    this.#store = store;
  }

  /** Goes no further back for what is unread. @returns {void} */
  giveUpSeen() {
    this.seenId = "";
    this.#collected = [];
  }

  /**
   * Takes a page of older messages.
   * @param {ChatMessage[]} messages
   * @param {boolean} hasOlder
   * @returns {ChatMessage[] | undefined} the messages to draw; `undefined`: none, or not yet
   */
  receive(messages, hasOlder) {
    // Since these were requested the oldest rows were dropped: there would be a gap between them.
    if (this.#oldestId !== this.#askedBefore) return undefined;
    if (!this.seenId) return messages;
    this.#collected = [...messages, ...this.#collected];
    if (this.loadSeen(hasOlder)) return undefined;
    const collected = this.#collected;
    this.#collected = [];
    return collected;
  }

  /** Requests older messages. @param {number} [count] @returns {void} */
  load(count) {
    const oldest = this.#oldestId;
    if (!oldest) return;
    this.#askedBefore = oldest;
    this.#socket.askOlder(oldest, count);
  }

  /**
   * Requests older messages if the last one that was seen may be among them.
   * @param {boolean} [hasOlder]
   * @returns {boolean} whether it did
   */
  loadSeen(hasOlder = this.hasOlder) {
    const id = this.seenId;
    const isLoaded = this.#collected.length >= MAX_UNREAD || this.#store.has(id) ||
      this.#collected.some((message) => message.id === id);
    if (isLoaded || !hasOlder || !mayBeOlder(id, this.#oldestId)) return false;
    this.load(MAX_HISTORY_PAGE);
    return true;
  }

  /** The oldest message that is loaded, drawn or not. */
  get #oldestId() {
    return this.#collected[0]?.id ?? this.#rows.first?.id;
  }
}

/**
 * Whether a message may be older than the oldest one that is loaded.
 * @param {string} id
 * @param {string | undefined} oldest
 * @returns {boolean}
 */
export function mayBeOlder(id, oldest) {
  return oldest !== undefined && timeOfId(oldest) >= timeOfId(id) - CLOCKS_DIFFER_MS;
}
