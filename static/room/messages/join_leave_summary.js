/** A person joined or left. @typedef {{ person: string, user: string, isHere: boolean }} JoinOrLeave `user`: the name */
/** A person took another name. @typedef {{ person: string, from: string, to: string }} Renaming */

/**
 * Who has joined, left, and changed names since the last message, so that many changes take one line. Joining and then
 * leaving cancel each other.
 */
export class JoinLeaveSummary {
  /** @type {Map<string, JoinOrLeave>} by person */
  #changes = new Map();
  /** @type {Map<string, { from: string, to: string }>} by person */
  #renamings = new Map();

  /** @param {JoinOrLeave} change @returns {void} */
  note(change) {
    const before = this.#changes.get(change.person);
    if (before === undefined) this.#changes.set(change.person, change);
    else if (before.isHere !== change.isHere) this.#changes.delete(change.person);
  }

  /** @param {Renaming} renaming @returns {void} */
  noteRenaming({ person, from, to }) {
    const change = this.#changes.get(person);
    // A person who has just joined is shown under the latest name.
    if (change?.isHere) return void this.#changes.set(person, { ...change, user: to });
    const first = this.#renamings.get(person)?.from ?? from;
    if (first === to) this.#renamings.delete(person);
    else this.#renamings.set(person, { from: first, to });
  }

  /** @returns {void} */
  clear() {
    this.#changes.clear();
    this.#renamings.clear();
  }

  /** The line to show, "" if there is nothing to say. @param {import("../../shared/words.js").Words} words @returns {string} */
  sentence(words) {
    const joined = this.#namesOf(true);
    const left = this.#namesOf(false);
    return [
      joined.length ? words.say("joined", { names: words.list(joined) }) : "",
      left.length ? words.say("left", { names: words.list(left) }) : "",
      ...Array.from(this.#renamings.values(), (names) => words.say("renamed", names)),
    ].filter(Boolean).join(words.say("notice_separator"));
  }

  /** @param {boolean} isHere @returns {string[]} */
  #namesOf(isHere) {
    return [...this.#changes.values()].filter((change) => change.isHere === isHere).map(({ user }) => user);
  }
}
