import { copyOf, part } from "../../shared/parts.js";
import { withChanges } from "../changes/change.js";
import { quoteLine } from "../changes/quote_line.js";
import { reactionChips } from "../changes/reaction_chips.js";
import { keyOf, messageFiles } from "../files/message_files.js";
import { isEmojiOnly } from "../text/emoji.js";
import { nodeOf, piecesOf } from "../text/formatting.js";
import { verifiedMark } from "../../shared/person.js";
import { paintPerson } from "../../shared/person_colors.js";

/** @import { Content } from "../changes/change.js" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { TimeFormat } from "../../shared/dates.js" */
/** @import { Words } from "../../shared/words.js" */

/**
 * A message in the list, sent or not: what the server says of it, and the changes that it hasn't accepted yet. `order`
 * sorts the list, unsent messages last. The server gives `id`, this page `clientId`.
 * @typedef {Content & MessageFacts} MessageItem
 */

/**
 * @typedef {object} MessageFacts
 * @property {string} order
 * @property {string} [id]
 * @property {string} [clientId]
 * @property {string} username
 * @property {string} [person] the author's id in the room
 * @property {number} at milliseconds since the epoch
 * @property {boolean} isOwn
 * @property {boolean} [hasAccount] whether its author was signed in
 * @property {Unsent[]} changes in the order in which they were made
 * @property {"sending" | "failed" | "delivered" | "recorded" | "not_recorded"} state
 * @property {string} [failure] the server's code for refusing it
 * @property {MessageRow} row
 */

/** @import { ErrorCode } from "../../../rooms/protocol.ts" */

/** The sentences for the server's refusals, by its codes. @type {ReadonlyMap<string, string>} */
export const FAILURES = new Map(
  /** @satisfies {[ErrorCode, string][]} */ ([
    ["too_long", "refused_too_long"],
    ["empty", "refused_empty"],
    ["backpressure", "refused_backpressure"],
    ["storage_lost", "refused_storage_lost"],
    ["rate_limited", "refused_rate_limited"],
    ["read_only", "refused_read_only"],
    ["name_taken", "refused_name_taken"],
    ["name_refused", "name_refused"],
    ["not_found", "message_gone"],
    ["not_allowed", "refused_not_allowed"],
    ["too_late", "refused_too_late"],
    ["file_refused", "refused_file"],
    ["muted", "refused_muted"],
    ["slow_mode", "refused_slow_mode"],
    ["blocked_word", "refused_blocked_word"],
    // What only programs cause, or a page whose version has passed; and what the server couldn't foresee.
    ["invalid_json", "refused"],
    ["invalid_frame", "refused"],
    ["unknown_type", "refused"],
    ["internal", "refused"],
  ]),
);

/**
 * The sentence for a refusal by the server.
 * @param {Words} words
 * @param {string | undefined} code
 * @returns {string}
 */
export function refusalSentence(words, code) {
  if (code === "pending") return words.say("waits_for_host");
  if (code === "not_approved") return words.say("refused_not_approved");
  return words.say(FAILURES.get(code ?? "") ?? "refused");
}

/** How long a message that the list went to is highlighted. */
const HIGHLIGHT_MS = 4_000;
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

  /** Who this visitor is to themselves. @returns {string} */
  get you() {
    return this.#words.say("you");
  }

  /** Brings the row to the reader, and highlights it for a while. @returns {void} */
  goTo() {
    this.element.scrollIntoView({ block: "center" });
    this.element.focus({ preventScroll: true });
    this.element.parentElement?.querySelector("[data-goal]")?.removeAttribute("data-goal");
    this.element.toggleAttribute("data-goal", true);
    setTimeout(() => this.element.removeAttribute("data-goal"), HIGHLIGHT_MS);
  }

  /** Writes what is said, and what happened to it. @param {Omit<MessageItem, "row">} item @returns {void} */
  write(item) {
    const { username, hasAccount = false } = item;
    const content = item.changes.length ? withChanges(item, item.changes, this.you) : item;
    const { text, isDeleted } = content;
    const edited = isDeleted ? 0 : content.edited;
    const body = isDeleted ? [this.#words.say("deleted")] : piecesOf(text).map(nodeOf);
    this.#part("body").replaceChildren(...body);
    this.#writeAround({ ...content, edited });
    this.#writeFiles(content);
    this.#part("name").textContent = username;
    this.#part("name").toggleAttribute("data-account", hasAccount);
    if (hasAccount) this.#part("name").append(verifiedMark(this.#words.say("account")));
    this.element.toggleAttribute("data-deleted", isDeleted);
    this.element.toggleAttribute("data-own", item.isOwn);
    const read = READ.filter((name) => item.isOwn || name !== "ticks");
    const ids = read.map((name) => this.#part(name).id);
    if (edited) ids.push(this.#part("edited").id);
    if (!isDeleted && content.files?.length) ids.push(`${this.#part("body").id}-files`);
    this.element.setAttribute("aria-labelledby", ids.join(" "));
    this.element.toggleAttribute("data-emoji", isEmojiOnly(text));
    paintPerson(this.#part("avatar"), item.username);
    // The name takes the avatar's colour.
    this.#part("name").style.setProperty(
      "--hue",
      this.#part("avatar").style.getPropertyValue("--hue"),
    );
  }

  /** Shows whether it is sent, recorded or failed, and when. @param {Omit<MessageItem, "row">} item @returns {void} */
  showState({ id, clientId, at, state: sent, failure, changes }) {
    const words = this.#words;
    const refused = changes.find((change) => change.failure);
    const state = changes.some(isRewriting) ? "sending" : sent;
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
    this.#showTrouble(state, failure, refused);
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

  /**
   * Writes what only some messages have: the line that is answered, when it was edited, and reactions.
   * @param {Content} content
   */
  #writeAround({ edited, reactions, replyTo }) {
    const words = this.#words;
    const focused = this.element.querySelector(`:is(${AROUND}):focus, :is(${AROUND}) :focus`);
    for (const part of this.element.querySelectorAll(AROUND)) part.remove();
    if (replyTo) this.#part("line").before(quoteLine(replyTo, words));
    if (reactions.length) this.#part("line").after(reactionChips(reactions, words));
    if (focused) (this.#controlLike(focused) ?? this.element).focus({ preventScroll: true });
    if (this.element.matches(":focus-within")) {
      for (const control of this.element.querySelectorAll("button[data-action]")) {
        /** @type {HTMLElement} */ (control).tabIndex = 0;
      }
    }
    if (!edited) return;
    const mark = document.createElement("span");
    mark.className = "message__edited";
    mark.dataset.part = "edited";
    mark.id = `${this.#part("body").id}-edited`;
    mark.textContent = words.say("edited", { time: this.#format.time(edited) });
    mark.title = this.#format.full(edited);
    this.#part("time").before(mark);
  }

  /** The control that does what one did that was written anew. @param {Element} control @returns {HTMLElement | undefined} */
  #controlLike(control) {
    const { action, emoji } = /** @type {HTMLElement} */ (control).dataset;
    const controls = /** @type {HTMLElement[]} */ ([...this.element.querySelectorAll(AROUND_CONTROLS)]);
    return controls.find(({ dataset }) => dataset.action === action && dataset.emoji === emoji);
  }

  /** Writes pictures and files; those that are there stay, and needn't load again. @param {Content} content */
  #writeFiles({ text, isDeleted, files = [] }) {
    const shown = isDeleted ? [] : files;
    this.element.toggleAttribute("data-bare", !text && shown.length > 0);
    const before = /** @type {HTMLElement | null} */ (this.element.querySelector(".message__files"));
    if ((before?.dataset.files ?? "") === keyOf(shown)) return;
    before?.remove();
    if (!shown.length) return;
    const list = messageFiles(shown, this.#words);
    list.id = `${this.#part("body").id}-files`;
    this.#part("line").after(list);
  }

  /**
   * Says why the message, or a change of it, was refused.
   * @param {MessageItem["state"]} state
   * @param {string | undefined} failure
   * @param {Unsent | undefined} change the one that was refused
   * @returns {void}
   */
  #showTrouble(state, failure, change) {
    this.element.querySelector(".message__trouble")?.remove();
    const isFailed = state === "failed";
    if (!isFailed && !change && state !== "not_recorded") return;
    const words = this.#words;
    const trouble = copyOf(this.#troubleTemplate);
    this.element.append(trouble);
    this.#part("actions").hidden = !isFailed && !change;
    if (change) {
      trouble.dataset.clientId = change.clientId;
      this.#part("take-back").textContent = words.say(isEdit(change) ? "edit_again" : "discard");
      this.#part("retry").textContent = words.say("retry_change");
    }
    this.#part("reason").textContent = change
      ? words.say("change_refused", { reason: refusalSentence(words, change.failure) })
      : isFailed
      ? refusalSentence(words, failure)
      : words.say("not_recorded");
  }

  /** @param {string} name @returns {HTMLElement} */
  #part(name) {
    return part(name, this.element);
  }
}

/** What only some rows have. */
const AROUND = ".message__quote, .message__reactions, .message__edited";
const AROUND_CONTROLS = ".message__quote, .message__reaction";

/** @param {Unsent} unsent @returns {boolean} */
function isEdit({ change }) {
  return change?.type === "edit_message";
}

/** Whether the message's text is on its way. @param {Unsent} unsent @returns {boolean} */
function isRewriting({ change, failure }) {
  return !failure && (change?.type === "edit_message" || change?.type === "delete_message");
}
