import { element } from "../../shared/parts.js";

/** @import { Words } from "../../shared/words.js" */

/** The line above the first unread message. */
export class UnreadLine {
  #element;
  /** Whether it was drawn since `takeRow()` was called last. */
  #isNew = false;

  /** @param {Words} words */
  constructor(words) {
    this.#element = element("p", { className: "message__unread" }, words.say("unread_line"));
  }

  /** @returns {boolean} */
  get isDrawn() {
    return this.#element.isConnected;
  }

  /** The row below the line, once after each drawing: then the list scrolls to it. @returns {HTMLElement | null} */
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
