import { element } from "../../shared/parts.js";

/** @import { Quote } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */

/**
 * The line above a reply: who said what it answers. It is a button that goes there.
 * @param {Quote} quote
 * @param {Words} words
 * @returns {HTMLElement}
 */
export function quoteLine(quote, words) {
  const { id, deleted, username, message } = quote;
  return element(
    "button",
    { className: "message__quote", type: "button", tabIndex: -1, data: { action: "quoted", quoted: id } },
    element(
      "bdi",
      { className: "message__quote-name" },
      deleted ? "" : words.say("preview_name", { name: username }),
    ),
    element("bdi", { className: "message__quote-text" }, deleted ? words.say("deleted") : lineOf(message)),
  );
}

/** A text in one line. @param {string} text @returns {string} */
export function lineOf(text) {
  return text.replace(/\s+/g, " ").trim();
}
