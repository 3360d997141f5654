import { part } from "../../shared/parts.js";
import { refusalSentence } from "../messages/message_row.js";
import { EnterKey } from "./enter_key.js";
import { MentionList } from "./mention_list.js";
import { showPurpose } from "./purpose_bar.js";

/** @import { Quote } from "../../../rooms/protocol.ts" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */
/** @import { Draft } from "./draft.js" */
/** @import { Candidate } from "./mention_list.js" */

/** The number of characters left is shown above this share of the limit. */
const COUNTED_SHARE = 0.9;

/**
 * @typedef {object} ComposerParts
 * @property {RoomSocket} socket
 * @property {Words} words
 * @property {Draft} draft
 * @property {HTMLElement} list fires `takeback`
 * @property {number} maxLength in characters; 0: no limit
 * @property {() => readonly Candidate[]} people who may be mentioned
 */

/**
 * The form in which messages are written, answered and edited. What is in it is kept as the room's draft, and so survives a
 * reload. It listens to `reply` and `edit` (detail: a quote of the message), and fires `editlast` when the reader wants to
 * edit what they said last.
 * @param {HTMLFormElement} form
 * @param {ComposerParts} parts
 * @returns {() => void} unmounts
 */
export function mountComposer(form, parts) {
  const composer = new Composer(form, parts);
  return () => composer.release();
}

class Composer {
  #form;
  #parts;
  /** @type {HTMLTextAreaElement} */
  #field;
  /** @type {HTMLButtonElement} */
  #button;
  /** @type {HTMLElement} */
  #error;
  #enterKey = new EnterKey();
  /** Whether files are being uploaded, which the message has to wait for. */
  #isUploading = false;
  /** Whether it is to be sent as soon as its files are uploaded. */
  #isDue = false;
  #mentions;
  #listening = new AbortController();
  #off;

  /** @param {HTMLFormElement} form @param {ComposerParts} parts */
  constructor(form, parts) {
    const { socket, words, draft, list, people } = parts;
    this.#form = form;
    this.#parts = parts;
    this.#field = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
    this.#button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
    this.#error = part("error", form);
    this.#mentions = new MentionList(part("mentions", form), { field: this.#field, people, words });
    const field = this.#field;
    const { signal } = this.#listening;
    /** @param {EventTarget} target @param {string} type @param {(event: any) => void} act */
    const on = (target, type, act) => target.addEventListener(type, act, { signal });
    on(field, "input", () => {
      this.#isDue = false;
      this.#change();
      if (field.value) socket.sendTyping();
    });
    on(field, "compositionstart", () => this.#enterKey.start());
    on(field, "compositionend", ({ timeStamp }) => this.#enterKey.end(timeStamp));
    on(field, "keydown", (event) => this.#keyPressed(event));
    // The field was enabled or disabled.
    on(form, "available", () => this.#enable());
    // What is attached is loaded later than the page, and may have been uploaded before it was loaded again.
    on(form, "attachable", () => form.dispatchEvent(new CustomEvent("attach", { detail: draft.files })));
    on(form, "attached", ({ detail }) => {
      draft.files = detail.files;
      this.#isUploading = detail.isBusy;
      this.#enable();
      if (this.#isDue) this.#send();
    });
    on(form, "submit", (event) => {
      event.preventDefault();
      this.#send();
      field.focus();
    });
    // The button must not take the focus from the field, which would close the keyboard of phones.
    on(this.#button, "pointerdown", (event) => event.preventDefault());
    on(part("purpose-end", form), "click", () => this.#endPurpose());
    on(form, "reply", ({ detail }) => this.#reply(detail));
    on(form, "edit", ({ detail }) => this.#edit(detail, detail.message));
    on(list, "takeback", ({ detail }) => this.#takeBack(detail));
    this.#off = socket.on(
      "refused",
      (code) => (this.#error.textContent = refusalSentence(words, code)),
    );
    const { purpose } = draft;
    field.value = purpose?.kind === "edit" ? purpose.text : draft.text;
    this.#showPurpose();
    this.#change();
    if (!hasTouchKeyboard()) field.focus();
  }

  release() {
    this.#off();
    this.#mentions.release();
    this.#listening.abort();
  }

  /** Stores what is written, and shows how many characters are left. */
  #change() {
    const { draft, words, maxLength } = this.#parts;
    const { value } = this.#field;
    const { purpose } = draft;
    if (purpose?.kind === "edit") draft.purpose = { ...purpose, text: value };
    else draft.text = value;
    const left = maxLength - charactersIn(messageIn(value));
    const isNear = maxLength > 0 && left < maxLength * (1 - COUNTED_SHARE);
    part("counter", this.#form).textContent = isNear && left >= 0
      ? words.say("characters_left", { count: left })
      : "";
    this.#error.textContent = isNear && left < 0 ? words.say("too_long", { count: -left }) : "";
    this.#enable();
    fit(this.#field);
    this.#mentions.update();
  }

  #enable() {
    const { purpose, files } = this.#parts.draft;
    const isEdit = purpose?.kind === "edit";
    const isEmpty = !messageIn(this.#field.value) && (isEdit || !files.length);
    this.#button.disabled = this.#field.disabled || isEmpty || !isEdit && this.#isUploading;
  }

  #send() {
    const { socket, draft, maxLength } = this.#parts;
    this.#enable();
    const text = messageIn(this.#field.value);
    this.#isDue = this.#isUploading;
    if (this.#button.disabled || (maxLength > 0 && charactersIn(text) > maxLength)) return;
    const { purpose } = draft;
    if (purpose?.kind === "edit") {
      this.#endPurpose();
      if (text !== purpose.quote.message) {
        socket.change({ type: "edit_message", id: purpose.quote.id, message: text });
      }
      return;
    }
    const { files } = draft;
    draft.files = [];
    this.#form.dispatchEvent(new CustomEvent("detach"));
    this.#write("");
    this.#endPurpose();
    socket.sendMessage(text, { replyTo: purpose?.quote, files: files.length ? files : undefined });
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const meaning = this.#enterKey.meaningOf(event);
    const { key, shiftKey, altKey, ctrlKey, metaKey, isComposing } = event;
    if (this.#mentions.press(event, meaning)) return event.preventDefault();
    const isPlain = !isComposing && !shiftKey && !altKey && !ctrlKey && !metaKey;
    if (isPlain && key === "ArrowUp" && !this.#field.value && !this.#parts.draft.purpose) {
      event.preventDefault();
      return this.#form.dispatchEvent(new CustomEvent("editlast"));
    }
    if (isPlain && key === "Escape" && this.#parts.draft.purpose) {
      event.preventDefault();
      return this.#endPurpose();
    }
    if (hasTouchKeyboard()) return;
    if (meaning !== "leave") event.preventDefault();
    if (meaning === "send") this.#send();
  }

  /** @param {Quote} quote */
  #reply(quote) {
    this.#endPurpose();
    this.#parts.draft.purpose = { kind: "reply", quote };
    this.#showPurpose();
    this.#field.focus();
  }

  /** @param {Quote} quote @param {string} text */
  #edit(quote, text) {
    this.#endPurpose();
    this.#parts.draft.purpose = { kind: "edit", quote, text };
    this.#showPurpose();
    this.#write(text);
    this.#field.focus();
    this.#field.setSelectionRange(text.length, text.length);
  }

  /** Goes back to writing a new message, with what was written of it. */
  #endPurpose() {
    const { draft } = this.#parts;
    const { purpose } = draft;
    if (!purpose) return;
    draft.purpose = undefined;
    this.#showPurpose();
    if (purpose.kind === "edit") this.#write(draft.text);
  }

  #showPurpose() {
    const { draft, words } = this.#parts;
    const { purpose } = draft;
    showPurpose(part("purpose", this.#form), purpose, words);
    this.#button.ariaLabel = words.say(purpose?.kind === "edit" ? "save_edit" : "send");
  }

  /** Puts back what its author takes back. @param {Unsent | undefined} unsent */
  #takeBack(unsent) {
    if (!unsent) return;
    const { text, change, replyTo, files = [], username } = unsent;
    if (change?.type === "edit_message") {
      return this.#edit({ id: change.id, username, message: "" }, change.message);
    }
    if (change) return;
    if (this.#parts.draft.purpose?.kind === "edit") this.#endPurpose();
    if (replyTo) this.#reply(replyTo);
    this.#parts.draft.files = [...this.#parts.draft.files, ...files];
    this.#form.dispatchEvent(new CustomEvent("attach", { detail: files }));
    this.#write([text, this.#field.value].filter(Boolean).join("\n"));
    this.#field.focus();
  }

  /** @param {string} text */
  #write(text) {
    this.#field.value = text;
    this.#change();
  }
}

/** The text to send: without blank lines at its beginning and white space at its end. @param {string} written @returns {string} */
function messageIn(written) {
  return written.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();
}

/** Counts code points, as the server does: most emoji are one. @param {string} text @returns {number} */
function charactersIn(text) {
  return [...text].length;
}

/**
 * Grows the field with its text; the stylesheet ends that at six lines.
 * @param {HTMLTextAreaElement} field
 * @returns {void}
 */
function fit(field) {
  field.style.blockSize = "auto";
  field.style.blockSize = `${field.scrollHeight}px`;
}

/** @returns {boolean} */
function hasTouchKeyboard() {
  return matchMedia("(hover: none) and (pointer: coarse)").matches;
}
