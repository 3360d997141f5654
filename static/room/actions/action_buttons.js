import { element, icon } from "../../shared/parts.js";
import { ACTIONS, QUICK_EMOJI } from "./message_actions.js";

/** @import { Action, MessageActions } from "./message_actions.js" */
/** @import { MessageItem } from "../messages/message_row.js" */
/** @import { Words } from "../../shared/words.js" */

/** @type {Record<Action, string>} */
const ICONS = {
  reply: "reply",
  edit: "edit",
  copy_text: "copy",
  copy_message_link: "link",
  pin: "pin",
  unpin: "pin",
  delete: "delete",
};

/**
 * Buttons that react: the quick ones, of which the reader's own are pressed, and one that opens all emoji.
 * @param {MessageItem} item
 * @param {Words} words
 * @returns {HTMLButtonElement[]}
 */
export function reactionButtons({ reactions }, words) {
  const quick = QUICK_EMOJI.map((emoji) => {
    const button = buttonFor("react", words.say("react_with", { emoji }), emoji);
    button.dataset.emoji = emoji;
    button.ariaPressed = String(reactions.some((reaction) => reaction.emoji === emoji && reaction.mine));
    return button;
  });
  return [...quick, buttonFor("more-emoji", words.say("more_emoji"), icon("emoji"))];
}

/**
 * Buttons for what can be done with a message.
 * @param {readonly Action[]} actions
 * @param {Words} words
 * @param {{ withText: boolean }} look `withText`: the name stands beside the icon
 * @returns {HTMLButtonElement[]}
 */
export function actionButtons(actions, words, { withText }) {
  return actions.map((action) => {
    const text = words.say(action);
    return buttonFor(action, text, icon(ICONS[action]), withText ? text : "");
  });
}

/** The button of these that was clicked. @param {Event} event @returns {HTMLElement | null} */
export function clickedButton({ target }) {
  return /** @type {Element} */ (target).closest("button[data-do]");
}

/**
 * Does what a button says to a message.
 * @param {HTMLElement} button
 * @param {object} parts
 * @param {MessageItem} parts.item
 * @param {HTMLElement} parts.row of the message
 * @param {MessageActions} parts.actions
 * @param {(item: MessageItem, opener: HTMLElement) => void} parts.pickEmoji
 * @returns {void}
 */
export function act(
  { ariaPressed, dataset: { do: name = "", emoji = "" } },
  { item, row, actions, pickEmoji },
) {
  if (name === "react") actions.react(item, emoji, ariaPressed !== "true");
  else if (name === "more-emoji") pickEmoji(item, row);
  else if (isAction(name)) actions.run(item, name);
}

/** @param {string} name @returns {name is Action} */
function isAction(name) {
  return /** @type {readonly string[]} */ (ACTIONS).includes(name);
}

/** @param {string} name @param {string} label @param {(Node | string)[]} children */
function buttonFor(name, label, ...children) {
  const properties = { className: "action", data: { do: name }, ariaLabel: label, title: label };
  return element("button", { type: "button", ...properties }, ...children);
}
