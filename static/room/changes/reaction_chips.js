import { element } from "../../shared/parts.js";

/** @import { Reaction } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */

/**
 * The reactions under a message, each a button that adds or takes back one's own.
 * @param {readonly Reaction[]} reactions
 * @param {Words} words
 * @returns {HTMLElement}
 */
export function reactionChips(reactions, words) {
  const chips = reactions.map((reaction) => chip(reaction, words));
  return element("p", { className: "message__reactions" }, ...chips);
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
  const names = whoReacted(reaction, words);
  const properties = {
    className: "message__reaction",
    type: /** @type {const} */ ("button"),
    // Arrow keys walk the messages; the controls of one are reached from it.
    tabIndex: -1,
    data: { action: "react", emoji },
    ariaPressed: String(mine),
    title: names,
    ariaLabel: words.say("reacted_by", { emoji, count, names }),
  };
  return element(
    "button",
    properties,
    emoji,
    element("span", { className: "message__reaction-count" }, `${count}`),
  );
}
