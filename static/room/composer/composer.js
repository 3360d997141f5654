import { EnterKey } from "./enter_key.js";
import { refusalSentence } from "../messages/message_row.js";

/** @import { Draft } from "./draft.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

/** The number of characters left is shown above this share of the limit. */
const COUNTED_SHARE = 0.9;

/**
 * The form in which messages are written. Its text is kept as the room's draft, and so survives a reload.
 * @param {HTMLFormElement} form
 * @param {{ socket: RoomSocket, words: Words, draft: Draft, list: HTMLElement, maxLength: number }} parts `maxLength` 0: no limit
 * @returns {() => void} unmounts
 */
export function mountComposer(form, { socket, words, draft, list, maxLength }) {
  const field = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  const error = /** @type {HTMLElement} */ (form.querySelector("[data-part=error]"));
  const counter = /** @type {HTMLElement} */ (form.querySelector("[data-part=counter]"));
  const enterKey = new EnterKey();
  const listening = new AbortController();
  const { signal } = listening;

  const change = () => {
    draft.text = field.value;
    const left = maxLength - charactersIn(messageIn(field.value));
    const isNear = maxLength > 0 && left < maxLength * (1 - COUNTED_SHARE);
    counter.textContent = isNear && left >= 0 ? words.say("characters_left", { count: left }) : "";
    error.textContent = isNear && left < 0 ? words.say("too_long", { count: -left }) : "";
    button.disabled = field.disabled || !messageIn(field.value);
    fit(field);
  };
  const send = () => {
    const text = messageIn(field.value);
    if (!text || field.disabled || (maxLength > 0 && charactersIn(text) > maxLength)) return;
    field.value = "";
    change();
    socket.sendMessage(text);
  };

  field.addEventListener("input", () => {
    change();
    if (field.value) socket.sendTyping();
  }, { signal });
  field.addEventListener("compositionstart", () => enterKey.start(), { signal });
  field.addEventListener(
    "compositionend",
    ({ timeStamp }) => enterKey.end(timeStamp),
    { signal },
  );
  field.addEventListener("keydown", (event) => {
    const meaning = enterKey.meaningOf(event);
    if (hasTouchKeyboard()) return;
    if (meaning !== "leave") event.preventDefault();
    if (meaning === "send") send();
  }, { signal });
  // The field was enabled or disabled.
  form.addEventListener("available", () => {
    button.disabled = field.disabled || !messageIn(field.value);
  }, { signal });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    field.focus();
  }, { signal });
  // The button must not take the focus from the field, which would close the keyboard of phones.
  button.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
  list.addEventListener("takeback", (event) => {
    const { detail } = /** @type {CustomEvent<string>} */ (event);
    field.value = [detail, field.value].filter(Boolean).join("\n");
    change();
    field.focus();
  }, { signal });
  const off = socket.on(
    "refused",
    (code) => (error.textContent = refusalSentence(words, code)),
  );

  field.value = draft.text;
  change();
  if (!hasTouchKeyboard()) field.focus();
  return () => {
    off();
    listening.abort();
  };
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
