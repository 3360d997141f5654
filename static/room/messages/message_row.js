import { copyOf, part } from "../../shared/parts.js";
import { isEmojiOnly } from "./emoji.js";
import { linkify } from "./linkify.js";
import { verifiedMark } from "../../shared/person.js";
import { paintPerson } from "../../shared/person_colors.js";

/** @import { TimeFormat } from "../../shared/dates.js" */
/** @import { Words } from "../../shared/words.js" */

/**
 * A message in the list, sent or not. `order` sorts the list, unsent messages last. The server gives `id`, this page
 * `clientId`.
 * @typedef {object} MessageItem
 * @property {string} order
 * @property {string} [id]
 * @property {string} [clientId]
 * @property {string} username
 * @property {string} [person] the author's id in the room
 * @property {string} text
 * @property {number} at milliseconds since the epoch
 * @property {boolean} isOwn
 * @property {boolean} [hasAccount] whether its author was signed in
 * @property {boolean} [isDeleted] it was deleted for everyone and has no text any more
 * @property {"sending" | "failed" | "delivered" | "recorded" | "not_recorded"} state
 * @property {string} [failure] the server's code for refusing it
 * @property {MessageRow} row
 */

/** @import { ErrorCode } from "../../../rooms/protocol.ts" */

/** The sentences for the server's refusals, by its codes. @type {ReadonlyMap<string, string>} */
const FAILURES = new Map(
  /** @satisfies {[ErrorCode, string][]} */ ([
    ["too_long", "refused_too_long"],
    ["empty", "refused_empty"],
    ["backpressure", "refused_backpressure"],
    ["storage_lost", "refused_storage_lost"],
    ["rate_limited", "refused_rate_limited"],
    ["read_only", "refused_read_only"],
    ["name_taken", "refused_name_taken"],
    ["name_refused", "name_refused"],
  ]),
);

/**
 * The sentence for a refusal by the server.
 * @param {Words} words
 * @param {string | undefined} code
 * @returns {string}
 */
export function refusalSentence(words, code) {
  return words.say(FAILURES.get(code ?? "") ?? "refused");
}

/** The parts of a row that screen readers read, in this order. */
const READ = ["name", "body", "ticks", "time"];
let rows = 0;

/** One message on the page. */
export class MessageRow {
  /** @type {HTMLElement} */
  element;
  #troubleTemplate;
  #words;
  #format;

  /**
   * @param {{ message: HTMLTemplateElement, trouble: HTMLTemplateElement }} templates
   * @param {Words} words
   * @param {TimeFormat} format
   */
  constructor(templates, words, format) {
    this.element = copyOf(templates.message);
    this.#troubleTemplate = templates.trouble;
    this.#words = words;
    this.#format = format;
    const number = ++rows;
    for (const name of READ) this.#part(name).id = `message-${number}-${name}`;
  }

  /** Writes what changes only when the message is deleted. @param {Omit<MessageItem, "row">} item @returns {void} */
  write(item) {
    const { text, username, hasAccount = false, isDeleted = false } = item;
    const body = isDeleted ? [this.#words.say("deleted")] : linkify(text).map(linkOrText);
    this.#part("body").replaceChildren(...body);
    this.#part("name").textContent = username;
    this.#part("name").toggleAttribute("data-account", hasAccount);
    if (hasAccount) this.#part("name").append(verifiedMark(this.#words.say("account")));
    this.element.toggleAttribute("data-deleted", isDeleted);
    this.element.toggleAttribute("data-own", item.isOwn);
    const read = READ.filter((name) => item.isOwn || name !== "ticks");
    this.element.setAttribute("aria-labelledby", read.map((name) => this.#part(name).id).join(" "));
    this.element.toggleAttribute("data-emoji", isEmojiOnly(item.text));
    paintPerson(this.#part("avatar"), item.username);
    // The name takes the avatar's colour.
    this.#part("name").style.setProperty(
      "--hue",
      this.#part("avatar").style.getPropertyValue("--hue"),
    );
  }

  /** Shows whether it is sent, recorded or failed, and when. @param {Omit<MessageItem, "row">} item @returns {void} */
  showState({ id, clientId, at, state, failure }) {
    const words = this.#words;
    this.element.dataset.state = state;
    if (id) this.element.dataset.id = id;
    if (clientId) this.element.dataset.clientId = clientId;
    const time = /** @type {HTMLTimeElement} */ (this.#part("time"));
    time.dateTime = new Date(at).toISOString();
    time.textContent = this.#format.time(at);
    time.title = this.#format.full(at);
    const ticks = this.#part("ticks");
    ticks.setAttribute("aria-label", words.say(state));
    ticks.querySelector("use")?.setAttribute("href", `#icon-${state}`);
    this.#showTrouble(state, failure);
  }

  /**
   * Shows or hides what depends on the neighbours: the day above it, the name, the time.
   * @param {{ day: string, isFirst: boolean, isLast: boolean }} place `day` is "" within a day
   * @returns {void}
   */
  showPlace({ day, isFirst, isLast }) {
    this.#part("day").textContent = day;
    this.#part("day").hidden = !day;
    this.element.toggleAttribute("data-first", isFirst);
    this.element.toggleAttribute("data-last", isLast);
  }

  /** @param {MessageItem["state"]} state @param {string | undefined} failure @returns {void} */
  #showTrouble(state, failure) {
    this.element.querySelector(".message__trouble")?.remove();
    const isFailed = state === "failed";
    if (!isFailed && state !== "not_recorded") return;
    this.element.append(copyOf(this.#troubleTemplate));
    this.#part("actions").hidden = !isFailed;
    this.#part("reason").textContent = isFailed
      ? refusalSentence(this.#words, failure)
      : this.#words.say("not_recorded");
  }

  /** @param {string} name @returns {HTMLElement} */
  #part(name) {
    return part(name, this.element);
  }
}

/** @param {import("./linkify.js").Part} part @returns {Node} */
function linkOrText({ text, href }) {
  if (!href) return document.createTextNode(text);
  const link = document.createElement("a");
  Object.assign(link, {
    href,
    target: "_blank",
    rel: "noopener noreferrer",
    textContent: text,
  });
  return link;
}
