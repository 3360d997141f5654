import { ask } from "../../shared/api.js";
import { hasPlace } from "../messages/message_items.js";

/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { MessageRows } from "../messages/message_rows.js" */
/** @import { ScrollAnchor } from "../messages/scroll_anchor.js" */
/** @import { HistoryLoader } from "./history_loader.js" */
/** @import { MessageStore } from "../messages/message_store.js" */

/** A page that is open for weeks must not grow without end: rows far from the reader are dropped, and loaded again. */
const MAX_ROWS = 1_000;
/** Rows above that, which are dropped together. With a page of older messages that makes at most 1,200. */
const SPARE_ROWS = 150;
/** Rows are dropped at the end when this much lies below the reader: pixels. */
const FAR_PX = 10_000;
/** Messages that a request brings: half of them lie after the one that it is about. */
const PAGE = 200;
/** Messages of the present that are remembered while the list shows the past. */
const MAX_SKIPPED = 1_000;

/**
 * Messages on both sides of one. `isAll`: the room's newest one is among them.
 * @typedef {{ messages: ChatMessage[], hasOlder: boolean, isAll: boolean }} HistoryPart
 */

/**
 * The part of the room's history that the list holds. A page that is open for weeks, or whose reader goes far back, must not
 * grow without end: the rows that are furthest away are dropped. Then the list may end before the room's newest message.
 */
export class HistoryWindow {
  /** Whether the room has messages after the last one of the list. */
  isDetached = false;
  #room;
  #rows;
  #store;
  #anchor;
  #history;
  /** Messages that came while the list was detached. @type {ChatMessage[]} */
  #skipped = [];
  /** Whether an answer of the server is awaited. */
  isLoading = false;

  /** @param {{ room: string, rows: MessageRows, store: MessageStore, anchor: ScrollAnchor, history: HistoryLoader }} parts */
  constructor({ room, rows, store, anchor, history }) {
    this.#room = room;
    this.#anchor = anchor;
    this.#history = history;
    this.#rows = rows;
    this.#store = store;
  }

  /** Whether rows have to be dropped before more are drawn. @returns {boolean} */
  get isFull() {
    return this.#rows.length > MAX_ROWS + SPARE_ROWS;
  }

  /**
   * Drops rows above the limit: the oldest while the end is in view, the newest while it is far. What is being read stays.
   * @returns {boolean} whether older messages have to be loaded again
   */
  dropFar() {
    if (this.#history.seenId || this.#rows.length <= MAX_ROWS) return false;
    const isFollowed = this.#anchor.isAtEnd && !this.isDetached;
    if (!isFollowed && !this.isFull) return false;
    if (!isFollowed && this.#anchor.belowPx > FAR_PX) return this.#dropNewest();
    return (isFollowed || this.isDetached) && this.dropOldest();
  }

  /** Drops the oldest messages above the limit. @returns {boolean} whether it did */
  dropOldest() {
    if (this.#history.seenId) return false;
    this.#anchor.hold(() => this.#store.dropOldest(MAX_ROWS));
    return this.#history.hasOlder = true;
  }

  /** Unless some messages aren't sent yet, which stand at the end. @returns {false} */
  #dropNewest() {
    if (this.#rows.last?.id === undefined) return false;
    this.#anchor.hold(() => this.#store.dropNewest(MAX_ROWS));
    this.isDetached = true;
    return this.#anchor.isFollowing = false;
  }

  /**
   * Notes messages that belong after those that the list doesn't have.
   * @param {readonly ChatMessage[]} messages
   * @returns {ChatMessage[]} those that weren't known
   */
  skip(messages) {
    const newest = this.#skipped.reduce((last, { id }) => id > last ? id : last, this.#store.newestId);
    this.#skipped = [...this.#skipped, ...messages].slice(-MAX_SKIPPED);
    return messages.filter(({ id }) => id > newest);
  }

  /**
   * Messages, and those that were skipped. What the server answered is in its present state, so it counts.
   * @param {readonly ChatMessage[]} messages
   * @returns {ChatMessage[]}
   */
  withSkipped(messages) {
    return [...new Map([...this.#skipped, ...messages].map((message) => [message.id, message])).values()];
  }

  /** Loads the messages on both sides of one. @param {string} id @returns {Promise<HistoryPart | undefined>} `undefined`: there is no answer */
  async loadAround(id) {
    const body = await this.#ask(`around=${id}&limit=${PAGE}`);
    return body && { messages: body.messages, hasOlder: body.more, isAll: !body.more_after };
  }

  /**
   * Loads the messages after the last one of the list.
   * @returns {Promise<HistoryPart & { after: string } | undefined>} `undefined`: not now
   */
  async loadNewer() {
    const { last } = this.#rows;
    const after = last && hasPlace(last) ? last.id : undefined;
    if (!this.isDetached || this.isLoading || !after) return undefined;
    const part = await this.loadAround(after);
    return part && { ...part, after };
  }

  /** Removes the list's messages, for others from elsewhere in the room. @returns {void} */
  replace() {
    this.#store.clear();
    this.isDetached = true;
  }

  /**
   * Loads the room's newest messages, which take the place of those of the list.
   * @returns {Promise<{ messages: ChatMessage[], more: boolean } | undefined>} `undefined`: there is no answer
   */
  async loadLatest() {
    const body = await this.#ask("");
    if (!body) return undefined;
    this.#store.clear();
    return { messages: this.withSkipped(body.messages), more: body.more };
  }

  /** Notes that the list ends with the room's newest message again. @returns {void} */
  attach() {
    this.isDetached = false;
    this.#skipped = [];
  }

  /** @param {string} query @returns {Promise<any>} */
  async #ask(query) {
    this.isLoading = true;
    const { ok, body } = await ask("GET", `/api/rooms/${encodeURIComponent(this.#room)}/messages?${query}`);
    this.isLoading = false;
    return ok ? body : undefined;
  }
}
