/**
 * Things in the order of their keys, each key once. New ones nearly always belong at an end, which is looked
 * at first.
 * @template {{ order: string }} Thing
 */
export class SortedList {
  /** @type {Thing[]} */
  #things = [];

  /** @returns {number} */
  get length() {
    return this.#things.length;
  }

  /** @returns {Thing | undefined} */
  get first() {
    return this.#things[0];
  }

  /** @returns {Thing | undefined} */
  get last() {
    return this.#things.at(-1);
  }

  /** Puts a thing in its place and returns that. @param {Thing} thing @returns {number} */
  insert(thing) {
    const index = this.#placeOf(thing.order);
    this.#things.splice(index, 0, thing);
    return index;
  }

  /** Takes a thing out and returns where it stood, or -1. @param {Thing} thing @returns {number} */
  remove(thing) {
    const index = this.#things.lastIndexOf(thing);
    if (index !== -1) this.#things.splice(index, 1);
    return index;
  }

  /** Takes the first things out, as many as there are up to `count`. @param {number} count @returns {Thing[]} */
  removeFirst(count) {
    return this.#things.splice(0, Math.max(0, count));
  }

  /** @param {number} index @returns {Thing | undefined} */
  at(index) {
    return index < 0 ? undefined : this.#things[index];
  }

  /** The place after everything that is not greater. @param {string} order @returns {number} */
  #placeOf(order) {
    const last = this.last;
    if (!last || last.order <= order) return this.#things.length;
    let low = 0;
    let high = this.#things.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#things[middle].order <= order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
