/** @import { Quote } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */

/**
 * The line above a reply: who said what it answers. It is a button that goes there.
 * @param {Quote} quote
 * @param {Words} words
 * @returns {HTMLElement}
 */
export function quoteLine(quote, words) {
  const button = document.createElement("button");
  button.className = "message__quote";
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.action = "quoted";
  button.dataset.quoted = quote.id;
  const name = document.createElement("bdi");
  name.className = "message__quote-name";
  name.textContent = quote.deleted ? "" : words.say("preview_name", { name: quote.username });
  const text = document.createElement("bdi");
  text.className = "message__quote-text";
  text.textContent = quote.deleted ? words.say("deleted") : lineOf(quote.message);
  button.append(name, text);
  return button;
}

/** A text in one line. @param {string} text @returns {string} */
export function lineOf(text) {
  return text.replace(/\s+/g, " ").trim();
}
