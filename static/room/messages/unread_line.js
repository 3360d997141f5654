/** @import { Words } from "../../shared/words.js" */

/** The line above the first message that its reader hasn't seen yet. */
export class UnreadLine {
  #element;
  /** Whether it was drawn since somebody last looked. */
  #isNew = false;

  /** @param {Words} words */
  constructor(words) {
    this.#element = document.createElement("p");
    this.#element.className = "message__unread";
    this.#element.textContent = words.say("unread_line");
  }

  /** @returns {boolean} */
  get isDrawn() {
    return this.#element.isConnected;
  }

  /** The message that it stands above, if that is to be gone to: once. @returns {HTMLElement | null} */
  takeRow() {
    const row = this.#isNew ? this.#element.parentElement : null;
    this.#isNew = false;
    return row;
  }

  /** @param {HTMLElement} row @returns {void} */
  drawAbove(row) {
    row.prepend(this.#element);
    this.#isNew = true;
  }

  /** @returns {void} */
  remove() {
    this.#element.remove();
    this.#isNew = false;
  }
}
