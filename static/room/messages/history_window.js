import { ask } from "../../shared/api.js";

/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { MessageRows } from "./message_rows.js" */
/** @import { MessageStore } from "./message_store.js" */

/** Messages that a request brings: half of them lie after the one that it is about. */
const PAGE = 200;
/** Messages of the present that are remembered while the list shows the past. */
const MAX_SKIPPED = 1_000;

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
  /** Messages that came while the list was detached. @type {ChatMessage[]} */
  #skipped = [];
  #isLoading = false;

  /** @param {{ room: string, rows: MessageRows, store: MessageStore }} parts */
  constructor({ room, rows, store }) {
    this.#room = room;
    this.#rows = rows;
    this.#store = store;
  }

  /** Drops the newest messages until at most `most` are left, unless some aren't sent yet. @param {number} most @returns {void} */
  dropNewest(most) {
    if (this.#rows.last?.id === undefined) return;
    this.#store.dropNewest(most);
    this.isDetached = true;
  }

  /** Notes messages that belong after those that the list doesn't have. @param {readonly ChatMessage[]} messages @returns {void} */
  skip(messages) {
    this.#skipped = [...this.#skipped, ...messages].slice(-MAX_SKIPPED);
  }

  /**
   * Loads the messages after the last one of the list. `isAll`: the list has no gap once they are drawn.
   * @returns {Promise<{ messages: ChatMessage[], isAll: boolean } | undefined>} `undefined`: not now
   */
  async loadNewer() {
    const last = this.#rows.last?.id;
    if (!this.isDetached || this.#isLoading || !last) return undefined;
    const body = await this.#ask(`around=${last}&limit=${PAGE}`);
    if (!body || last !== this.#rows.last?.id) return undefined;
    const isAll = !body.more_after;
    const newer = isAll ? [...body.messages, ...this.#skipped] : body.messages;
    const byId = new Map(newer.map((/** @type {ChatMessage} */ message) => [message.id, message]));
    return { messages: [...byId.values()].filter(({ id }) => !this.#store.has(id)), isAll };
  }

  /**
   * Loads the room's newest messages, which take the place of those of the list.
   * @returns {Promise<{ messages: ChatMessage[], more: boolean } | undefined>} `undefined`: there is no answer
   */
  async loadLatest() {
    const body = await this.#ask("");
    if (!body) return undefined;
    this.#store.clear();
    return { messages: [...body.messages, ...this.#skipped], more: body.more };
  }

  /** Notes that the list ends with the room's newest message again. @returns {void} */
  attach() {
    this.isDetached = false;
    this.#skipped = [];
  }

  /** @param {string} query @returns {Promise<any>} */
  async #ask(query) {
    this.#isLoading = true;
    const { ok, body } = await ask("GET", `/api/rooms/${encodeURIComponent(this.#room)}/messages?${query}`);
    this.#isLoading = false;
    return ok ? body : undefined;
  }
}
