import { copyOf, part } from "../shared/parts.js";
import { at } from "../shared/address.js";

/** @import { ReportView } from "../../rooms/reports/task_update.ts" */
/** @import { Words } from "../shared/words.js" */

const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=report]"));

/** A report in the list. */
export class ReportRow {
  /** @type {HTMLElement} */
  element;
  #words;
  #day;
  #timestamp = "";

  /** @param {Words} words @param {() => unknown} remove cancels the report, or deletes it when it is finished */
  constructor(words, remove) {
    this.#words = words;
    this.#day = new Intl.DateTimeFormat(words.language, { dateStyle: "medium" });
    this.element = copyOf(template);
    for (const name of ["cancel", "remove"]) {
      const button = /** @type {HTMLButtonElement} */ (this.#part(name));
      button.addEventListener("click", async () => {
        button.disabled = true;
        await remove();
        button.disabled = false;
      });
    }
  }

  /** Shows the state of a report; ignores one older than what is shown. @param {ReportView} report */
  show(report) {
    const { status, outcome, progress, messages, result, timestamp } = report;
    if (timestamp < this.#timestamp) return;
    this.#timestamp = timestamp;
    this.element.dataset.report = report.task_id;
    this.element.dataset.status = status;
    this.element.dataset.outcome = outcome;
    const name = this.#say(report.report, { room: report.room });
    this.#part("name").textContent = name;
    const from = report.from ? this.#dayOf(report.from) : this.#say("beginning");
    this.#part("period").textContent = this.#say("period", { from, to: this.#dayOf(report.to) });
    this.#part("expires").textContent = this.#say("expires", { day: this.#dayOf(report.expires_at) });
    const bar = /** @type {HTMLProgressElement} */ (this.#part("bar"));
    bar.setAttribute("aria-label", this.#say("progress", { name }));
    bar.value = progress;
    const isUnfinished = status === "started" || status === "progress";
    bar.hidden = !isUnfinished;
    const sentence = this.#say(outcome, { count: messages.toLocaleString(this.#words.language) });
    // Screen readers announce the outcome, but not every percent.
    const state = this.#part("state");
    state.setAttribute("aria-live", isUnfinished ? "off" : "polite");
    state.textContent = sentence;
    this.#link("download", result?.url, name);
    this.#link("download-csv", result?.csv_url, name);
    this.#button("cancel", isUnfinished, this.#say("cancel_of", { name }));
    this.#button("remove", !isUnfinished, this.#say("remove_of", { name }));
  }

  /** @param {string} name @param {string | undefined} url @param {string} report */
  #link(name, url, report) {
    const link = /** @type {HTMLAnchorElement} */ (this.#part(name));
    link.hidden = !url;
    if (url) link.href = at(url);
    link.setAttribute("aria-label", `${link.textContent} ${report}`);
  }

  /** @param {string} name @param {boolean} isShown @param {string} label */
  #button(name, isShown, label) {
    const button = this.#part(name);
    button.hidden = !isShown;
    button.setAttribute("aria-label", label);
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #say(key, values) {
    return this.#words.say(key, values);
  }

  /** @param {string} at */
  #dayOf(at) {
    return this.#day.format(new Date(at));
  }

  /** @param {string} name @returns {HTMLElement} */
  #part(name) {
    return part(name, this.element);
  }
}
