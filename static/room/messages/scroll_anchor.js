const END_PX = 32;
const START_PX = 400;

/**
 * Keeps the place where somebody reads while the list around it changes: at the end it follows, elsewhere
 * what is under the eyes stays there. (Safari has no scroll anchoring, so no browser's is used.)
 */
export class ScrollAnchor {
  #element;
  #resize;
  #wasAtEnd = true;
  /** What was kept in its place last. @type {{ row: Element, bottom: number, scrollTop: number } | undefined} */
  #anchor;

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
    const { row, bottom } = this.#kept();
    change();
    if (!row?.isConnected) return;
    this.#element.scrollTop += this.#bottomOf(row) - bottom;
    this.#anchor = { row, bottom, scrollTop: this.#element.scrollTop };
  }

  /**
   * The row to keep in its place, and where that is. It is the same as long as nobody has scrolled: a browser scrolls by
   * whole pixels, and what is lost by one change must not add up over many.
   * @returns {{ row?: Element, bottom: number }}
   */
  #kept() {
    const { scrollTop } = this.#element;
    if (this.#anchor?.row.isConnected && this.#anchor.scrollTop === scrollTop) return this.#anchor;
    const row = this.#firstVisible();
    return { row, bottom: row ? this.#bottomOf(row) : 0 };
  }

  /** Below the list's own top, which may move too. @param {Element} row @returns {number} pixels */
  #bottomOf(row) {
    return row.getBoundingClientRect().bottom - this.#element.getBoundingClientRect().top;
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
