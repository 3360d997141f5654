/**
 * Who came and went since the last message, gathered so that a busy door makes one line. Someone who comes
 * and goes again cancels out.
 */
export class Gathering {
  /** @type {Map<string, boolean>} */
  #moves = new Map();

  /** @param {{ user: string, isHere: boolean }} move @returns {void} */
  note({ user, isHere }) {
    const before = this.#moves.get(user);
    if (before === undefined) this.#moves.set(user, isHere);
    else if (before !== isHere) this.#moves.delete(user);
  }

  /** @returns {void} */
  clear() {
    this.#moves.clear();
  }

  /** The line to show, or "" for none. @param {import("./words.js").Words} words @returns {string} */
  sentence(words) {
    const joined = this.#names(true);
    const left = this.#names(false);
    return [
      joined.length ? words.say("joined", { names: words.list(joined) }) : "",
      left.length ? words.say("left", { names: words.list(left) }) : "",
    ].filter(Boolean).join(words.say("notice_separator"));
  }

  /** @param {boolean} isHere @returns {string[]} */
  #names(isHere) {
    return [...this.#moves].filter(([, here]) => here === isHere).map(([user]) => user);
  }
}
