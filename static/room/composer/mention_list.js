import { element } from "../../shared/parts.js";

/** @import { Words } from "../../shared/words.js" */

/**
 * Somebody who may be mentioned.
 * @typedef {{ username: string, account?: boolean }} Candidate
 */

/** People offered at a time. */
const MAX_SHOWN = 6;
/** The letters of a name that are written so far; the sign must not follow a letter, as it does in an e-mail address. */
const WRITTEN = /(?<![\w.])[@＠]([^\s@＠]{0,32})$/u;
let lists = 0;

/**
 * Offers names while one is written behind `@`: with the arrow keys, Enter or Tab, or by a click. Escape closes it. It takes
 * no key while an input method composes.
 */
export class MentionList {
  #element;
  #field;
  #people;
  #words;
  /** @type {Candidate[]} */
  #shown = [];
  #chosen = 0;
  /** The index of the sign at which Escape was pressed; -1: none. */
  #closedAt = -1;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} element a listbox
   * @param {{ field: HTMLTextAreaElement, people: () => readonly Candidate[], words: Words }} parts
   */
  constructor(element, { field, people, words }) {
    this.#element = element;
    this.#field = field;
    this.#people = people;
    this.#words = words;
    element.id = `mentions-${++lists}`;
    const { signal } = this.#listening;
    // The field keeps the focus, and with it the keyboard of phones.
    element.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
    element.addEventListener("click", ({ target }) => {
      const index = /** @type {Element} */ (target).closest("[role=option]")?.getAttribute("data-index");
      if (index) this.#pick(Number(index));
    }, { signal });
    field.addEventListener("blur", () => this.#show([]), { signal });
  }

  release() {
    this.#listening.abort();
  }

  /** Offers what fits the text before the caret. @returns {void} */
  update() {
    const { written, at } = this.#written();
    if (at !== this.#closedAt) this.#closedAt = -1;
    const isOpen = at >= 0 && this.#closedAt < 0 && document.activeElement === this.#field;
    this.#show(isOpen ? candidatesFor(written, this.#people()) : []);
  }

  /**
   * Takes a key of the field.
   * @param {KeyboardEvent} event
   * @param {"send" | "swallow" | "leave"} meaning what an Enter means, see `EnterKey`
   * @returns {boolean} whether it was for the list
   */
  press({ key, isComposing, shiftKey, ctrlKey, metaKey, altKey }, meaning) {
    if (!this.#shown.length || isComposing || shiftKey || ctrlKey || metaKey || altKey) return false;
    const { length } = this.#shown;
    if (meaning === "send" || key === "Tab") this.#pick(this.#chosen);
    else if (key === "ArrowDown") this.#choose((this.#chosen + 1) % length);
    else if (key === "ArrowUp") this.#choose((this.#chosen + length - 1) % length);
    else if (key === "Escape") {
      this.#closedAt = this.#written().at;
      this.#show([]);
    } else return false;
    return true;
  }

  /** The part of a name before the caret, and the index of its sign; -1 without one. */
  #written() {
    const { value, selectionEnd } = this.#field;
    const before = value.slice(0, selectionEnd);
    const found = WRITTEN.exec(before);
    return { written: found?.[1] ?? "", at: found?.index ?? -1 };
  }

  /** @param {number} index */
  #pick(index) {
    const { at } = this.#written();
    const { username } = this.#shown[index];
    this.#show([]);
    const { selectionEnd } = this.#field;
    this.#field.setRangeText(`@${username} `, at, selectionEnd, "end");
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
    this.#field.focus();
  }

  /** @param {Candidate[]} candidates */
  #show(candidates) {
    if (!candidates.length && !this.#shown.length) return;
    this.#shown = candidates;
    this.#element.hidden = candidates.length === 0;
    this.#element.replaceChildren(...candidates.map((candidate, index) => this.#option(candidate, index)));
    if (candidates.length) {
      this.#field.setAttribute("aria-controls", this.#element.id);
      this.#choose(0);
    } else {
      this.#field.removeAttribute("aria-controls");
      this.#field.removeAttribute("aria-activedescendant");
    }
  }

  /** @param {Candidate} candidate @param {number} index */
  #option({ username, account }, index) {
    const id = `${this.#element.id}-${index}`;
    const properties = { className: "mentions__option", id, role: "option", data: { index: String(index) } };
    const option = element("li", properties, element("bdi", {}, username));
    if (account) {
      option.append(element("span", { className: "mentions__remark" }, this.#words.say("account")));
    }
    return option;
  }

  /** @param {number} index */
  #choose(index) {
    this.#chosen = index;
    for (const [i, option] of [...this.#element.children].entries()) {
      option.ariaSelected = String(i === index);
    }
    this.#field.setAttribute("aria-activedescendant", `${this.#element.id}-${index}`);
  }
}

/**
 * The people whose names fit, accounts first, and of these the names that begin with what is written.
 * @param {string} written
 * @param {readonly Candidate[]} people
 * @returns {Candidate[]}
 */
export function candidatesFor(written, people) {
  const sought = folded(written);
  const rankOf = (/** @type {Candidate} */ { username, account }) =>
    (account ? 0 : 2) + (folded(username).startsWith(sought) ? 0 : 1);
  return people.filter(({ username }) => folded(username).includes(sought))
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .slice(0, MAX_SHOWN);
}

/** @param {string} name @returns {string} */
function folded(name) {
  return name.normalize("NFKC").toLowerCase();
}
