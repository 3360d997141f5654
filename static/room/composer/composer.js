import { EnterKey } from "./enter_key.js";
import { refusalSentence } from "../messages/message_row.js";

/** @import { Draft } from "./draft.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

const COUNT_FROM = 0.9;

/**
 * Where messages are written. What is in it survives a reload as the room's draft.
 * @param {HTMLFormElement} form
 * @param {{ socket: RoomSocket, words: Words, draft: Draft, list: HTMLElement, maxLength: number }} parts `maxLength` 0: no limit
 * @returns {() => void} unmounts
 */
export function mountComposer(form, { socket, words, draft, list, maxLength }) {
  const field = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  const sentence = /** @type {HTMLElement} */ (form.querySelector("[data-part=error]"));
  const counter = /** @type {HTMLElement} */ (form.querySelector("[data-part=counter]"));
  const composition = new EnterKey();
  const listening = new AbortController();
  const { signal } = listening;

  const change = () => {
    draft.text = field.value;
    const left = maxLength - charactersIn(messageIn(field.value));
    const isNear = maxLength > 0 && left < maxLength * (1 - COUNT_FROM);
    counter.textContent = isNear && left >= 0 ? words.say("characters_left", { count: left }) : "";
    sentence.textContent = isNear && left < 0 ? words.say("too_long", { count: -left }) : "";
    button.disabled = field.disabled || !messageIn(field.value);
    fit(field);
  };
  const send = () => {
    const text = messageIn(field.value);
    if (!text || field.disabled || (maxLength > 0 && charactersIn(text) > maxLength)) return;
    field.value = "";
    change();
    socket.say(text);
  };

  field.addEventListener("input", () => {
    change();
    if (field.value) socket.type();
  }, { signal });
  field.addEventListener("compositionstart", () => composition.start(), { signal });
  field.addEventListener(
    "compositionend",
    ({ timeStamp }) => composition.end(timeStamp),
    { signal },
  );
  field.addEventListener("keydown", (event) => {
    const meaning = composition.meaningOf(event);
    if (hasTouchKeyboard()) return;
    if (meaning !== "leave") event.preventDefault();
    if (meaning === "send") send();
  }, { signal });
  // Whether anything may be written here has changed.
  form.addEventListener("available", () => {
    button.disabled = field.disabled || !messageIn(field.value);
  }, { signal });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    field.focus();
  }, { signal });
  // Pressing the button must not take the focus from the field, or the phone's keyboard would close.
  button.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
  list.addEventListener("takeback", (event) => {
    const { detail } = /** @type {CustomEvent<string>} */ (event);
    field.value = [detail, field.value].filter(Boolean).join("\n");
    change();
    field.focus();
  }, { signal });
  const off = socket.on(
    "refused",
    (code) => (sentence.textContent = refusalSentence(words, code)),
  );

  field.value = draft.text;
  change();
  if (!hasTouchKeyboard()) field.focus();
  return () => {
    off();
    listening.abort();
  };
}

/** What would be sent: the text without blank lines around it. @param {string} written @returns {string} */
function messageIn(written) {
  return written.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();
}

/** Counts as the server does: an emoji beyond the first plane is one. @param {string} text @returns {number} */
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
