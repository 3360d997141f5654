/** @typedef {{ text: string, href?: string }} Part a piece of a message; a link where it has an `href` */

// The host is ASCII, because Chinese text follows an address without a space. After the first slash any letter may follow,
// as in addresses copied from Wikipedia.
const ADDRESS =
  /https?:\/\/[a-z0-9.-]+(?::\d+)?(?:[/?#][^\s<>"「」『』（）《》〈〉【】、。，；：！？…]*)?/giu;
const TRAILING = new Set(".,;:!?'*_~");
/** @type {ReadonlyMap<string, string>} closing bracket → opening one */
const BRACKETS = new Map([[")", "("], ["]", "["], ["}", "{"]]);

/**
 * Splits a message into plain text and http(s) addresses. Joined again, the parts are the message.
 * @param {string} message
 * @returns {Part[]}
 */
export function linkify(message) {
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
 * Cuts off punctuation that ends the sentence, and closing brackets that were opened before the address. It reads each
 * character at most twice, so that long messages of strangers take linear time.
 * @param {string} address
 * @returns {string}
 */
function withoutTrailing(address) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const character of address) counts.set(character, (counts.get(character) ?? 0) + 1);
  const countOf = (/** @type {string} */ character) => counts.get(character) ?? 0;
  let end = address.length;
  for (; end > 0; end--) {
    const last = address[end - 1];
    const opening = BRACKETS.get(last);
    const isUnopened = opening !== undefined && countOf(last) > countOf(opening);
    if (!TRAILING.has(last) && !isUnopened) break;
    counts.set(last, countOf(last) - 1);
  }
  return address.slice(0, end);
}
