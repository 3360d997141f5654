/** @import { Store } from "../../shared/storage.js" */

/** The text that was written but not sent in one room, kept in the browser. */
export class Draft {
  #storage;
  #key;

  /** @param {Store} storage @param {string} room */
  constructor(storage, room) {
    this.#storage = storage;
    this.#key = `talksheet:draft:${room}`;
  }

  /** @returns {string} */
  get text() {
    return this.#storage.getItem(this.#key) ?? "";
  }

  set text(text) {
    if (text) this.#storage.setItem(this.#key, text);
    else this.#storage.removeItem(this.#key);
  }
}
