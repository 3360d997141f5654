/** @typedef {{ person: string, user: string, isHere: boolean }} Move `user`: the name */

/**
 * Who came, went and changed names since the last message, gathered so that a busy door makes one line. Someone who comes
 * and goes again cancels out.
 */
export class JoinLeaveSummary {
  /** @type {Map<string, Move>} by person */
  #moves = new Map();
  /** @type {Map<string, { from: string, to: string }>} by person */
  #names = new Map();

  /** @param {Move} move @returns {void} */
  note(move) {
    const before = this.#moves.get(move.person);
    if (before === undefined) this.#moves.set(move.person, move);
    else if (before.isHere !== move.isHere) this.#moves.delete(move.person);
  }

  /** @param {{ person: string, from: string, to: string }} renaming @returns {void} */
  noteName({ person, from, to }) {
    const move = this.#moves.get(person);
    // Of somebody who has just come the last name says it all.
    if (move?.isHere) return void this.#moves.set(person, { ...move, user: to });
    const first = this.#names.get(person)?.from ?? from;
    if (first === to) this.#names.delete(person);
    else this.#names.set(person, { from: first, to });
  }

  /** @returns {void} */
  clear() {
    this.#moves.clear();
    this.#names.clear();
  }

  /** The line to show, or "" for none. @param {import("../../shared/words.js").Words} words @returns {string} */
  sentence(words) {
    const joined = this.#namesOf(true);
    const left = this.#namesOf(false);
    return [
      joined.length ? words.say("joined", { names: words.list(joined) }) : "",
      left.length ? words.say("left", { names: words.list(left) }) : "",
      ...Array.from(this.#names.values(), (names) => words.say("renamed", names)),
    ].filter(Boolean).join(words.say("notice_separator"));
  }

  /** @param {boolean} isHere @returns {string[]} */
  #namesOf(isHere) {
    return [...this.#moves.values()].filter((move) => move.isHere === isHere).map(({ user }) => user);
  }
}
