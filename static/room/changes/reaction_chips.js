/** @import { Reaction } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */

/**
 * The reactions under a message, each a button that adds or takes back one's own.
 * @param {readonly Reaction[]} reactions
 * @param {Words} words
 * @returns {HTMLElement}
 */
export function reactionChips(reactions, words) {
  const chips = document.createElement("p");
  chips.className = "message__reactions";
  chips.append(...reactions.map((reaction) => chip(reaction, words)));
  return chips;
}

/**
 * Who reacted with one emoji.
 * @param {Reaction} reaction
 * @param {Words} words
 * @returns {string}
 */
export function whoReacted({ count, users }, words) {
  const names = users.join(words.say("list_separator"));
  return count > users.length ? words.say("and_more", { names, count }) : names;
}

/** @param {Reaction} reaction @param {Words} words @returns {HTMLElement} */
function chip(reaction, words) {
  const { emoji, count, mine = false } = reaction;
  const button = document.createElement("button");
  button.className = "message__reaction";
  button.type = "button";
  // Arrow keys walk the messages; the controls of one are reached from it.
  button.tabIndex = -1;
  button.dataset.action = "react";
  button.dataset.emoji = emoji;
  button.ariaPressed = String(mine);
  const who = whoReacted(reaction, words);
  button.title = who;
  button.ariaLabel = words.say("reacted_by", { emoji, count, names: who });
  button.append(emoji, number(count));
  return button;
}

/** @param {number} count @returns {HTMLElement} */
function number(count) {
  const element = document.createElement("span");
  element.className = "message__reaction-count";
  element.textContent = String(count);
  return element;
}
