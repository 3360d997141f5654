/** Nearer to the end than this counts as at the end, nearer to the start as near it: pixels. */
const END_PX = 32;
const START_PX = 400;

/**
 * Keeps the scroll position while the list changes: at the end it follows new messages, elsewhere the visible rows stay
 * where they are. (Safari has no scroll anchoring, so the browsers' own is not used.)
 */
export class ScrollAnchor {
  #element;
  #resize;
  /** Whether the end of the list is the end of what was said: then a reader who is there goes on with it. */
  isFollowing = true;
  #wasAtEnd = true;
  /** The row that was held last. @type {{ row: Element, bottom: number, scrollTop: number } | undefined} */
  #anchor;

  /** @param {HTMLElement} element the scrolling list */
  constructor(element) {
    this.#element = element;
    element.addEventListener("scroll", () => (this.#wasAtEnd = this.isAtEnd), { passive: true });
    // A keyboard that opens, or a composer that grows, must not cover the newest message. When this runs the list has its
    // new size already, so the position is remembered from before.
    this.#resize = new ResizeObserver(() => this.#wasAtEnd && this.toEnd());
    this.#resize.observe(element);
  }

  /** @returns {boolean} */
  get isAtEnd() {
    return this.belowPx < END_PX;
  }

  /** How much lies below what is in view. @returns {number} pixels */
  get belowPx() {
    const { scrollHeight, scrollTop, clientHeight } = this.#element;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** Whether the start is near enough to load older messages. @returns {boolean} */
  get isNearStart() {
    return this.#element.scrollTop < START_PX;
  }

  /** @returns {void} */
  toEnd() {
    this.#element.scrollTop = this.#element.scrollHeight;
    this.#wasAtEnd = true;
  }

  /** Scrolls a row to the top, or as near to it as the rows below allow. @param {HTMLElement} row @returns {void} */
  toRow(row) {
    this.#element.scrollTop += row.getBoundingClientRect().top - this.#element.getBoundingClientRect().top;
    this.#wasAtEnd = this.isAtEnd;
  }

  /** Changes the list and keeps the position. @param {() => void} change @returns {void} */
  hold(change) {
    if (this.isAtEnd && this.isFollowing) {
      change();
      return this.toEnd();
    }
    const { row, bottom } = this.#anchorRow();
    change();
    if (!row?.isConnected) return;
    this.#element.scrollTop += this.#bottomOf(row) - bottom;
    this.#anchor = { row, bottom, scrollTop: this.#element.scrollTop };
  }

  /**
   * The row to hold, and its position. Both stay the same until somebody scrolls: browsers round the scroll position to
   * whole pixels, and these errors must not add up.
   * @returns {{ row?: Element, bottom: number }}
   */
  #anchorRow() {
    const { scrollTop } = this.#element;
    if (this.#anchor?.row.isConnected && this.#anchor.scrollTop === scrollTop) return this.#anchor;
    const row = this.#firstVisible();
    return { row, bottom: row ? this.#bottomOf(row) : 0 };
  }

  /** A row's lower edge, measured from the list's upper edge, which may move too. @param {Element} row @returns {number} pixels */
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
