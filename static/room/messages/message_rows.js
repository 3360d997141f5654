import { MessageRow } from "./message_row.js";
import { SortedList } from "./sorted_list.js";
import { Clock, dayOf } from "../../shared/dates.js";

/** @import { Entry } from "./message_row.js" */
/** @import { Words } from "../../shared/words.js" */

/** Messages of one person stand below one name while at most this long lies between two of them. */
const GROUP_MS = 5 * 60_000;

/**
 * What decides about groups: the author, and when it was written (milliseconds since the epoch).
 * @typedef {Pick<Entry, "username" | "person" | "at" | "isOwn">} Said
 */

/** The rows of the list in their order, each showing how it relates to its neighbours: date, name, time. */
export class MessageRows {
  #element;
  #words;
  #clock;
  #templates;
  /** @type {SortedList<Entry>} */
  #entries = new SortedList();

  /** @param {HTMLElement} element @param {Words} words */
  constructor(element, words) {
    this.#element = element;
    this.#words = words;
    this.#clock = new Clock(words);
    this.#templates = { message: template("message"), trouble: template("trouble") };
  }

  /** The first entry that fits, in their order. @param {(entry: Entry) => boolean} fits @returns {Entry | undefined} */
  find(fits) {
    for (let index = 0; index < this.#entries.length; index++) {
      const entry = this.#entries.at(index);
      if (entry && fits(entry)) return entry;
    }
  }

  /** @returns {number} */
  get length() {
    return this.#entries.length;
  }

  /** @returns {Entry | undefined} */
  get first() {
    return this.#entries.first;
  }

  /** @returns {Entry | undefined} */
  get last() {
    return this.#entries.last;
  }

  /**
   * Makes an entry and its row, which stands nowhere yet.
   * @param {Omit<Entry, "row">} facts
   * @returns {Entry}
   */
  create(facts) {
    const row = new MessageRow(this.#templates, this.#words, this.#clock);
    row.write(facts);
    row.showState(facts);
    return { ...facts, row };
  }

  /**
   * Puts an entry's row where it belongs, and doesn't touch it where it stands there already.
   * @param {Entry} entry
   * @returns {void}
   */
  place(entry) {
    const index = this.#entries.insert(entry);
    const { element } = entry.row;
    const next = this.#entries.at(index + 1)?.row.element ?? null;
    const standsThere = element.isConnected &&
      element.nextElementSibling === next;
    if (!standsThere) this.#element.insertBefore(element, next);
    this.#dress(index - 1);
    this.#dress(index);
    this.#dress(index + 1);
  }

  /**
   * Takes an entry out of the order and leaves its row, for it to be placed anew.
   * @param {Entry} entry
   * @returns {void}
   */
  lift(entry) {
    this.#entries.remove(entry);
  }

  /** @param {Entry} entry @returns {void} */
  remove(entry) {
    const index = this.#entries.remove(entry);
    entry.row.element.remove();
    this.#dress(index - 1);
    this.#dress(index);
  }

  /**
   * Takes the first entries out, and with them the notices between them.
   * @param {number} count
   * @returns {Entry[]}
   */
  removeFirst(count) {
    const removed = this.#entries.removeFirst(count);
    const first = this.first?.row.element ?? null;
    while (this.#element.firstChild !== first) this.#element.firstChild?.remove();
    this.#dress(0);
    return removed;
  }

  /** Names the days anew: what was today is yesterday. @returns {void} */
  showDays() {
    for (let index = 0; index < this.#entries.length; index++) this.#dress(index);
  }

  /** @param {number} index @returns {void} */
  #dress(index) {
    const entry = this.#entries.at(index);
    if (!entry) return;
    const previous = this.#entries.at(index - 1);
    const next = this.#entries.at(index + 1);
    const isNewDay = !previous || dayOf(previous.at) !== dayOf(entry.at);
    entry.row.showPlace({
      day: isNewDay ? this.#clock.day(entry.at) : "",
      isFirst: startsGroup(previous, entry),
      isLast: !next || startsGroup(entry, next) ||
        this.#clock.time(entry.at) !== this.#clock.time(next.at),
    });
  }
}

/** @param {string} name @returns {HTMLTemplateElement} */
function template(name) {
  return /** @type {HTMLTemplateElement} */ (document.querySelector(`[data-template=${name}]`));
}

/**
 * Whether a message begins a group, which has its author's name above it.
 * @param {Said | undefined} previous the message before it
 * @param {Said} said
 * @returns {boolean}
 */
export function startsGroup(previous, said) {
  return !previous || previous.username !== said.username || previous.person !== said.person ||
    previous.isOwn !== said.isOwn ||
    said.at - previous.at > GROUP_MS || dayOf(previous.at) !== dayOf(said.at);
}
