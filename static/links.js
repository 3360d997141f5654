/** @typedef {{ text: string, href?: string }} Part a piece of a message; a link where it has an `href` */

// The host is ASCII because Chinese text follows an address without a space; after the first slash any letter
// belongs to it, as in addresses copied from an encyclopedia.
const ADDRESS =
  /https?:\/\/[a-z0-9.-]+(?::\d+)?(?:[/?#][^\s<>"「」『』（）《》〈〉【】、。，；：！？…]*)?/giu;
const TRAILING = /[.,;:!?'*_~]+$/;
const BRACKETS = { ")": "(", "]": "[", "}": "{" };

/**
 * Splits a message into plain text and http(s) addresses. Joined again, the parts are the message.
 * @param {string} message
 * @returns {Part[]}
 */
export function splitLinks(message) {
  /** @type {Part[]} */
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of message.matchAll(ADDRESS)) {
    const text = withoutTrailing(found);
    if (!URL.canParse(text)) continue;
    if (index > end) parts.push({ text: message.slice(end, index) });
    parts.push({ text, href: new URL(text).href });
    end = index + text.length;
  }
  if (end < message.length) parts.push({ text: message.slice(end) });
  return parts;
}

/**
 * Leaves the sentence its full stop, and a closing bracket that was opened before the address.
 * @param {string} address
 * @returns {string}
 */
function withoutTrailing(address) {
  const text = address.replace(TRAILING, "");
  const last = /** @type {keyof typeof BRACKETS} */ (text.at(-1));
  const isUnopened = last in BRACKETS &&
    count(text, last) > count(text, BRACKETS[last]);
  if (isUnopened) return withoutTrailing(text.slice(0, -1));
  return text;
}

/** @param {string} text @param {string} character @returns {number} */
function count(text, character) {
  return text.split(character).length - 1;
}
