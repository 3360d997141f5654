import { copyOf } from "./parts.js";

/**
 * A list whose rows are copies of a template. Rows are updated in slot, so that the keyboard focus stays where it is.
 * @template {object} Row
 */
export class RowList {
  #list;
  #template;
  #options;
  /** @type {Map<string, HTMLElement>} */
  #elements = new Map();
  /** @type {Map<string, Row>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} list
   * @param {object} options
   * @param {string} options.template the `data-template` of the rows
   * @param {(row: Row) => string} options.keyOf
   * @param {(element: HTMLElement, row: Row) => void} options.fill
   * @param {(act: string, row: Row, element: HTMLElement) => unknown} [options.act] called for a click on a button with `data-act`; the button is busy until it resolves
   * @param {HTMLElement} [options.empty] shown while there are no rows
   */
  constructor(list, options) {
    this.#list = list;
    this.#options = options;
    this.#template = /** @type {HTMLTemplateElement} */ (
      document.querySelector(`[data-template="${options.template}"]`)
    );
    list.addEventListener("click", async (event) => {
      const button = /** @type {Element} */ (event.target).closest("[data-act]");
      const element = button?.closest("li");
      if (!(button instanceof HTMLButtonElement) || element?.parentElement !== list) return;
      const row = this.#rows.get(element.dataset.key ?? "");
      if (!row) return;
      // Disabling the button would lose the focus.
      if (button.getAttribute("aria-busy") === "true") return;
      button.setAttribute("aria-busy", "true");
      await options.act?.(button.dataset.act ?? "", row, element);
      button.removeAttribute("aria-busy");
    });
  }

  /** Shows these rows, in this order. @param {readonly Row[]} rows @returns {void} */
  show(rows) {
    const { keyOf, fill, empty } = this.#options;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement : null;
    const keys = new Set(rows.map(keyOf));
    for (const [key, element] of this.#elements) {
      if (keys.has(key)) continue;
      element.remove();
      this.#elements.delete(key);
    }
    this.#rows.clear();
    for (const [i, row] of rows.entries()) {
      const key = keyOf(row);
      const element = this.#elements.get(key) ?? this.#made(key);
      this.#rows.set(key, row);
      fill(element, row);
      if (this.#list.children[i] !== element) {
        this.#list.insertBefore(element, this.#list.children[i] ?? null);
      }
    }
    if (empty) empty.hidden = rows.length > 0;
    if (!focused) return;
    // Moving a row loses the focus. If its element can't have it any more, a button of the row gets it, or the heading.
    const inRow = focused.isConnected
      ? focused.closest("li")?.querySelector("button:not([hidden])")
      : undefined;
    const next = focused.isConnected && focused.checkVisibility()
      ? focused
      : inRow ?? this.#list.closest(".board__part")?.querySelector("h2");
    /** @type {HTMLElement | null | undefined} */ (next)?.focus();
  }

  /** @param {string} key @returns {HTMLElement} */
  #made(key) {
    const element = copyOf(this.#template);
    element.dataset.key = key;
    this.#elements.set(key, element);
    return element;
  }
}

/** Writes texts into a row's elements, by their `data-slot`; unchanged ones are left alone. @param {HTMLElement} element @param {Record<string, string>} texts */
export function write(element, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const slot = element.querySelector(`[data-slot="${name}"]`);
    if (slot && slot.textContent !== text) slot.textContent = text;
  }
}

/** The button of a row that does `act`. @param {HTMLElement} element @param {string} act @returns {HTMLButtonElement} */
export function buttonOf(element, act) {
  return /** @type {HTMLButtonElement} */ (element.querySelector(`[data-act="${act}"]`));
}
