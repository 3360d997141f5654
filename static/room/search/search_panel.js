import { at } from "../../shared/address.js";
import { dayStartId, TimeFormat } from "../../shared/dates.js";
import { element, part } from "../../shared/parts.js";
import { excerpt } from "./highlight.js";

/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { Words } from "../../shared/words.js" */

/** A search begins when nothing was typed for this long. */
const TYPING_MS = 200;
const PAGE = 30;

/**
 * @typedef {object} SearchParts
 * @property {HTMLElement} opener the button in the header
 * @property {HTMLElement} list takes `goto`
 * @property {string} room
 * @property {Words} words
 * @property {() => readonly { username: string }[]} people whose names are offered
 */

/**
 * Searches the room: by words as they are typed, by person and by day. A result leads to its message, and a
 * day to the first one of it. It opens by its button, by Ctrl or ⌘ and K, and by `/`.
 * @param {HTMLDialogElement} panel
 * @param {SearchParts} parts
 * @returns {() => void} unmounts
 */
export function mountSearch(panel, parts) {
  const search = new SearchPanel(panel, parts);
  return () => search.release();
}

class SearchPanel {
  #panel;
  #parts;
  #format;
  /** @type {HTMLInputElement} */
  #field;
  /** @type {HTMLElement} */
  #results;
  /** @type {HTMLElement} */
  #status;
  /** @type {HTMLElement} */
  #more;
  #listening = new AbortController();
  #asking = new AbortController();
  /** @type {number | undefined} */
  #timer;
  /** What the next page of results begins before. */
  #before = "";

  /** @param {HTMLDialogElement} panel @param {SearchParts} parts */
  constructor(panel, parts) {
    this.#panel = panel;
    this.#parts = parts;
    this.#format = new TimeFormat(parts.words);
    this.#field = /** @type {HTMLInputElement} */ (part("search-words", panel));
    this.#results = part("search-results", panel);
    this.#status = part("search-status", panel);
    this.#more = part("search-more", panel);
    const { signal } = this.#listening;
    /** @param {EventTarget} target @param {string} type @param {(event: any) => void} act */
    const on = (target, type, act) => target.addEventListener(type, act, { signal });
    on(parts.opener, "click", () => this.#open());
    on(document, "keydown", (event) => this.#opens(event) && (event.preventDefault(), this.#open()));
    on(panel, "input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), TYPING_MS);
    });
    on(panel, "click", ({ target }) => this.#clicked(/** @type {HTMLElement} */ (target)));
    on(panel, "keydown", (event) => this.#keyPressed(event));
    on(panel, "close", () => this.#asking.abort());
    on(this.#more, "click", () => this.#ask(this.#before));
    on(part("search-day", panel), "click", () => this.#showDay());
  }

  release() {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.#listening.abort();
  }

  /** Ctrl or ⌘ and K anywhere, `/` where nobody writes. @param {KeyboardEvent} event */
  #opens({ key, ctrlKey, metaKey, altKey, target, isComposing }) {
    if (this.#panel.open || isComposing || altKey) return false;
    if (key.toLowerCase() === "k" && (ctrlKey || metaKey)) return true;
    const isWriting = /** @type {HTMLElement} */ (target).matches?.("input, textarea, select");
    return key === "/" && !isWriting && !document.querySelector("dialog[open]");
  }

  #open() {
    const names = new Set(this.#parts.people().map(({ username }) => username));
    part("search-names", this.#panel).replaceChildren(...Array.from(names, (name) => new Option(name)));
    this.#panel.showModal();
    this.#field.select();
  }

  #search() {
    this.#before = "";
    this.#results.replaceChildren();
    this.#ask();
  }

  get #words() {
    return this.#field.value.split(/\s+/u).filter(Boolean);
  }

  /** Asks for a page of results. @param {string} [before] */
  async #ask(before) {
    const query = this.#query();
    this.#more.hidden = true;
    if (![...query.keys()].length) return (this.#status.textContent = "");
    query.set("limit", String(PAGE));
    if (before) query.set("before", before);
    const answer = await this.#fetch(`search?${query}`);
    if (!answer) return;
    const { messages, more } = answer;
    const first = this.#results.childElementCount;
    this.#results.append(...messages.map((/** @type {ChatMessage} */ message) => this.#row(message)));
    const { words } = this.#parts;
    const count = this.#results.childElementCount;
    this.#status.textContent = words.say(count ? more ? "found_more" : "found" : "found_none", { count });
    this.#more.hidden = !more;
    this.#before = messages.at(-1)?.id ?? "";
    if (before) /** @type {HTMLElement | undefined} */ (this.#rows()[first])?.focus();
  }

  /** What the fields ask for. */
  #query() {
    const query = new URLSearchParams();
    const words = this.#field.value.trim();
    if (words) query.set("q", words);
    for (const name of ["by", "from", "to"]) {
      const { value } = /** @type {HTMLInputElement} */ (this.#panel.querySelector(`[name=${name}]`));
      if (value.trim()) query.set(name, value.trim());
    }
    return query;
  }

  /** Asks the service about the room, instead of what was asked before. @param {string} path */
  async #fetch(path) {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { room, words } = this.#parts;
    try {
      const response = await fetch(at(`/api/rooms/${encodeURIComponent(room)}/${path}`), { signal });
      if (response.ok) return await response.json();
      this.#status.textContent = words.say(response.status === 429 ? "refused_rate_limited" : "refused");
    } catch {
      if (!signal.aborted) this.#status.textContent = words.say("search_offline");
    }
  }

  /** @param {ChatMessage} message @returns {HTMLElement} */
  #row({ id, username, message, timestamp, deleted }) {
    const ms = Date.parse(timestamp);
    const time = `${this.#format.day(ms)} ${this.#format.time(ms)}`;
    const text = deleted ? this.#parts.words.say("deleted") : message;
    const head = [element("bdi", {}, username), element("time", { dateTime: timestamp }, time)];
    const pieces = excerpt(text, this.#words).map(({ text, isHit }) =>
      isHit ? element("mark", {}, text) : text
    );
    const button = element(
      "button",
      { type: "button", className: "search__result", data: { id } },
      element("span", { className: "search__head" }, ...head),
      element("bdi", { className: "search__text" }, ...pieces),
    );
    return element("li", {}, button);
  }

  /** @param {HTMLElement} target */
  #clicked(target) {
    if (target === this.#panel) return this.#panel.close();
    const id = /** @type {HTMLElement | null} */ (target.closest(".search__result"))?.dataset.id;
    if (!id) return;
    this.#goTo(id);
  }

  /** @param {string} id */
  #goTo(id) {
    this.#panel.close();
    this.#parts.list.dispatchEvent(new CustomEvent("goto", { detail: id }));
  }

  /** Goes to the first message of the day that is chosen as the first, or of a later one. */
  async #showDay() {
    const from = /** @type {HTMLInputElement} */ (this.#panel.querySelector("[name=from]"));
    const { value } = from;
    if (!value) return from.focus();
    clearTimeout(this.#timer);
    const start = dayStartId(value);
    const answer = await this.#fetch(`messages?around=${start}&limit=4`);
    if (!answer) return;
    const first = answer.messages.find((/** @type {ChatMessage} */ { id }) => id >= start);
    if (first) return this.#goTo(first.id);
    this.#results.replaceChildren();
    this.#more.hidden = true;
    this.#status.textContent = this.#parts.words.say("found_none");
  }

  /** @returns {HTMLElement[]} */
  #rows() {
    return [...this.#results.querySelectorAll("button")];
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const rows = this.#rows();
    const index = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const isField = event.target === this.#field;
    if (event.isComposing || !(isField || index >= 0)) return;
    if (isField && event.key === "Enter") {
      event.preventDefault();
      return rows[0]?.click();
    }
    const next = event.key === "ArrowDown"
      ? rows[index + 1]
      : event.key === "ArrowUp"
      ? rows[index - 1] ?? this.#field
      : undefined;
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
