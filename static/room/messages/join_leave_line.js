import { JoinLeaveSummary } from "./join_leave_summary.js";

/** @import { JoinOrLeave, Renaming } from "./join_leave_summary.js" */
/** @import { Words } from "../../shared/words.js" */

/** The line below the last message that says who has joined, left, and changed names since. */
export class JoinLeaveLine {
  #rows;
  #words;
  #summary = new JoinLeaveSummary();
  /** @type {HTMLElement | undefined} */
  #line;

  /** @param {HTMLElement} rows @param {Words} words */
  constructor(rows, words) {
    this.#rows = rows;
    this.#words = words;
  }

  /** @param {JoinOrLeave} change @returns {void} */
  show(change) {
    this.#summary.note(change);
    this.#write();
  }

  /** @param {Renaming} renaming @returns {void} */
  showRenaming(renaming) {
    this.#summary.noteRenaming(renaming);
    this.#write();
  }

  #write() {
    const sentence = this.#summary.sentence(this.#words);
    this.#line ??= this.#newLine();
    this.#line.textContent = sentence;
    this.#line.hidden = !sentence;
  }

  /** Ends the line; the next change begins a new one. @returns {void} */
  finish() {
    this.#line = undefined;
    this.#summary.clear();
  }

  /** @returns {HTMLElement} */
  #newLine() {
    const line = document.createElement("p");
    line.className = "notice";
    return this.#rows.appendChild(line);
  }
}
