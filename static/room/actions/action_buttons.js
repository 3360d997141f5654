import { ACTIONS, QUICK_EMOJI } from "./message_actions.js";

/** @import { Action } from "./message_actions.js" */
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
    const button = buttonFor("react", words.say("react_with", { emoji }));
    button.dataset.emoji = emoji;
    const isMine = reactions.some((reaction) => reaction.emoji === emoji && reaction.mine);
    button.ariaPressed = String(isMine);
    button.append(emoji);
    return button;
  });
  const more = buttonFor("more-emoji", words.say("more_emoji"));
  more.append(icon("emoji"));
  return [...quick, more];
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
    const button = buttonFor(action, words.say(action));
    button.append(icon(ICONS[action]));
    if (withText) button.append(words.say(action));
    return button;
  });
}

/** The action of a button that was clicked. @param {Event} event @returns {{ name: string, button: HTMLElement } | undefined} */
export function clickedAction({ target }) {
  const button =
    /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("button[data-do]"));
  return button ? { name: button.dataset.do ?? "", button } : undefined;
}

/** @param {string} name @returns {name is Action} */
export function isAction(name) {
  return /** @type {readonly string[]} */ (ACTIONS).includes(name);
}

/** @param {string} name @param {string} label */
function buttonFor(name, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "action";
  button.dataset.do = name;
  button.ariaLabel = label;
  button.title = label;
  return button;
}

/** @param {string} name @returns {SVGElement} */
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}
