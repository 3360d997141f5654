import { MessageRow } from "./message_row.js";
import { SortedList } from "./sorted_list.js";
import { dayOf, TimeFormat } from "../../shared/dates.js";

/** @import { MessageItem } from "./message_row.js" */
/** @import { Words } from "../../shared/words.js" */

/** Messages of one person stand below one name while at most this long lies between two of them. */
const GROUP_MS = 5 * 60_000;

/**
 * What decides about groups: the author, and when it was written (milliseconds since the epoch).
 * @typedef {Pick<MessageItem, "username" | "person" | "at" | "isOwn">} Said
 */

/** The rows of the list in their order, each showing how it relates to its neighbours: date, name, time. */
export class MessageRows {
  #element;
  #words;
  #format;
  #templates;
  /** @type {SortedList<MessageItem>} */
  #items = new SortedList();

  /** @param {HTMLElement} element @param {Words} words */
  constructor(element, words) {
    this.#element = element;
    this.#words = words;
    this.#format = new TimeFormat(words);
    this.#templates = { message: template("message"), trouble: template("trouble") };
  }

  /** The first item in order for which `fits` is true. @param {(item: MessageItem) => boolean} fits @returns {MessageItem | undefined} */
  find(fits) {
    for (let index = 0; index < this.#items.length; index++) {
      const item = this.#items.at(index);
      if (item && fits(item)) return item;
    }
  }

  /** The last item in order for which `fits` is true. @param {(item: MessageItem) => boolean} fits @returns {MessageItem | undefined} */
  findLast(fits) {
    for (let index = this.#items.length - 1; index >= 0; index--) {
      const item = this.#items.at(index);
      if (item && fits(item)) return item;
    }
  }

  /** @returns {number} */
  get length() {
    return this.#items.length;
  }

  /** @returns {MessageItem | undefined} */
  get first() {
    return this.#items.first;
  }

  /** @returns {MessageItem | undefined} */
  get last() {
    return this.#items.last;
  }

  /**
   * Makes an item and its row, without inserting it.
   * @param {Omit<MessageItem, "row">} facts
   * @returns {MessageItem}
   */
  create(facts) {
    const row = new MessageRow(this.#templates, this.#words, this.#format);
    row.write(facts);
    row.showState(facts);
    return { ...facts, row };
  }

  /**
   * Inserts an item where it belongs; its row is not touched if it is there already.
   * @param {MessageItem} item
   * @returns {void}
   */
  place(item) {
    const index = this.#items.insert(item);
    const { element } = item.row;
    const next = this.#items.at(index + 1)?.row.element ?? null;
    const isInPlace = element.isConnected &&
      element.nextElementSibling === next;
    if (!isInPlace) this.#element.insertBefore(element, next);
    this.#showNeighbours(index - 1);
    this.#showNeighbours(index);
    this.#showNeighbours(index + 1);
  }

  /**
   * Takes an item out of the order, but leaves its row on the page until `place()` is called again.
   * @param {MessageItem} item
   * @returns {void}
   */
  takeOut(item) {
    this.#items.remove(item);
  }

  /** @param {MessageItem} item @returns {void} */
  remove(item) {
    const index = this.#items.remove(item);
    item.row.element.remove();
    this.#showNeighbours(index - 1);
    this.#showNeighbours(index);
  }

  /**
   * Removes the first items, and the lines about people between them.
   * @param {number} count
   * @returns {MessageItem[]}
   */
  removeFirst(count) {
    const removed = this.#items.removeFirst(count);
    const first = this.first?.row.element ?? null;
    while (this.#element.firstChild !== first) this.#element.firstChild?.remove();
    this.#showNeighbours(0);
    return removed;
  }

  /**
   * Removes the last items, and the lines about people behind the last one that stays.
   * @param {number} count
   * @returns {MessageItem[]}
   */
  removeLast(count) {
    const removed = this.#items.removeLast(count);
    const last = this.last?.row.element ?? null;
    while (this.#element.lastChild !== last) this.#element.lastChild?.remove();
    this.#showNeighbours(this.#items.length - 1);
    return removed;
  }

  /** Writes the dates again, after midnight. @returns {void} */
  showDays() {
    for (let index = 0; index < this.#items.length; index++) this.#showNeighbours(index);
  }

  /** @param {number} index @returns {void} */
  #showNeighbours(index) {
    const item = this.#items.at(index);
    if (!item) return;
    const previous = this.#items.at(index - 1);
    const next = this.#items.at(index + 1);
    const isNewDay = !previous || dayOf(previous.at) !== dayOf(item.at);
    item.row.showPlace({
      day: isNewDay ? this.#format.day(item.at) : "",
      isFirst: startsGroup(previous, item),
      isLast: !next || startsGroup(item, next) ||
        this.#format.time(item.at) !== this.#format.time(next.at),
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
