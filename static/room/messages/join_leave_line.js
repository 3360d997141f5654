import { JoinLeaveSummary } from "./join_leave_summary.js";

/** @import { Move } from "./join_leave_summary.js" */
/** @import { Words } from "../../shared/words.js" */

/** The small line among the messages that says who came, went and changed names since the last one. */
export class JoinLeaveLine {
  #rows;
  #words;
  #gathering = new JoinLeaveSummary();
  /** @type {HTMLElement | undefined} */
  #line;

  /** @param {HTMLElement} rows @param {Words} words */
  constructor(rows, words) {
    this.#rows = rows;
    this.#words = words;
  }

  /** @param {Move} move @returns {void} */
  show(move) {
    this.#gathering.note(move);
    this.#write();
  }

  /** @param {{ person: string, from: string, to: string }} renaming @returns {void} */
  showName(renaming) {
    this.#gathering.noteName(renaming);
    this.#write();
  }

  #write() {
    const sentence = this.#gathering.sentence(this.#words);
    this.#line ??= this.#newLine();
    this.#line.textContent = sentence;
    this.#line.hidden = !sentence;
  }

  /** Leaves the line as it is; who comes next begins a new one. @returns {void} */
  finish() {
    this.#line = undefined;
    this.#gathering.clear();
  }

  /** @returns {HTMLElement} */
  #newLine() {
    const line = document.createElement("p");
    line.className = "notice";
    return this.#rows.appendChild(line);
  }
}
