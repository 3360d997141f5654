/**
 * Items sorted by `order`. Nearly all new ones belong at the end, so that is tried first.
 * @template {{ order: string }} Item
 */
export class SortedList {
  /** @type {Item[]} */
  #items = [];

  /** @returns {number} */
  get length() {
    return this.#items.length;
  }

  /** @returns {Item | undefined} */
  get first() {
    return this.#items[0];
  }

  /** @returns {Item | undefined} */
  get last() {
    return this.#items.at(-1);
  }

  /** Inserts an item and returns its index. @param {Item} item @returns {number} */
  insert(item) {
    const index = this.#indexFor(item.order);
    this.#items.splice(index, 0, item);
    return index;
  }

  /** Removes an item and returns its former index, or -1. @param {Item} item @returns {number} */
  remove(item) {
    const index = this.#items.lastIndexOf(item);
    if (index !== -1) this.#items.splice(index, 1);
    return index;
  }

  /** Removes and returns the first items, at most `count`. @param {number} count @returns {Item[]} */
  removeFirst(count) {
    return this.#items.splice(0, Math.max(0, count));
  }

  /** Removes and returns the last items, at most `count`. @param {number} count @returns {Item[]} */
  removeLast(count) {
    return count > 0 ? this.#items.splice(-count) : [];
  }

  /** @param {number} index @returns {Item | undefined} */
  at(index) {
    return index < 0 ? undefined : this.#items[index];
  }

  /** The index after all items that are not greater. @param {string} order @returns {number} */
  #indexFor(order) {
    const last = this.last;
    if (!last || last.order <= order) return this.#items.length;
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#items[middle].order <= order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
