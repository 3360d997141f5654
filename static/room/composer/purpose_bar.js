import { part } from "../../shared/parts.js";
import { lineOf } from "../changes/quote_line.js";

/** @import { Words } from "../../shared/words.js" */
/** @import { Purpose } from "./draft.js" */

/**
 * Says above the composer which message is being answered or edited.
 * @param {HTMLElement} bar
 * @param {Purpose | undefined} purpose
 * @param {Words} words
 * @returns {void}
 */
export function showPurpose(bar, purpose, words) {
  bar.hidden = !purpose;
  if (!purpose) return;
  const { kind, quote } = purpose;
  part("purpose-name", bar).textContent = kind === "edit"
    ? words.say("editing")
    : words.say("replying", { name: quote.username });
  part("purpose-text", bar).textContent = lineOf(quote.message);
}
