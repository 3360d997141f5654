const END_PX = 32;
const START_PX = 400;

/**
 * Keeps the place where somebody reads while the list around it changes: at the end it follows, elsewhere
 * what is under the eyes stays there. (Safari has no scroll anchoring, so no browser's is used.)
 */
export class ReadingPosition {
  #element;
  #resize;
  #wasAtEnd = true;

  /** @param {HTMLElement} element the scrolling list */
  constructor(element) {
    this.#element = element;
    element.addEventListener("scroll", () => (this.#wasAtEnd = this.isAtEnd), { passive: true });
    // A keyboard that opens, or a composer that grows, must not cover the newest message. By then it is too
    // late to look where the end is.
    this.#resize = new ResizeObserver(() => this.#wasAtEnd && this.toEnd());
    this.#resize.observe(element);
  }

  /** @returns {boolean} */
  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#element;
    return scrollHeight - scrollTop - clientHeight < END_PX;
  }

  /** Whether the first rows are near enough to fetch more. @returns {boolean} */
  get isNearStart() {
    return this.#element.scrollTop < START_PX;
  }

  /** @returns {void} */
  toEnd() {
    this.#element.scrollTop = this.#element.scrollHeight;
    this.#wasAtEnd = true;
  }

  /** Brings a row to the top, as far as what follows it reaches. @param {HTMLElement} row @returns {void} */
  toRow(row) {
    this.#element.scrollTop += row.getBoundingClientRect().top - this.#element.getBoundingClientRect().top;
    this.#wasAtEnd = this.isAtEnd;
  }

  /** Makes a change to the list and keeps the place. @param {() => void} change @returns {void} */
  hold(change) {
    if (this.isAtEnd) {
      change();
      return this.toEnd();
    }
    const anchor = this.#firstVisible();
    const before = anchor?.getBoundingClientRect().bottom ?? 0;
    change();
    if (anchor?.isConnected) this.#element.scrollTop += anchor.getBoundingClientRect().bottom - before;
  }

  /** @returns {void} */
  release() {
    this.#resize.disconnect();
  }

  #firstVisible() {
    const top = this.#element.getBoundingClientRect().top;
    const rows = this.#element.querySelectorAll("[data-part=rows] > *");
    return [...rows].find((row) => row.getBoundingClientRect().bottom > top);
  }
}
