import { element } from "../../shared/parts.js";
import { linkify } from "./linkify.js";

/**
 * A piece of a message: plain text, an address, code within a line, or a block of code.
 * @typedef {{ kind: "text" | "code" | "block", text: string } | { kind: "link", text: string, href: string }} Piece
 */

/** A line that begins or ends a block of code; a word behind it names the language. */
const FENCE = /^```[\w+#.-]*$/;
const END = "```";
const CODE = /```([^`\n]+)```|`([^`\n]+)`/g;

/**
 * Splits a message into pieces. Backticks and addresses are the only markup; a backtick or fence without a second one is
 * text. It takes linear time, because strangers write the messages.
 * @param {string} message
 * @returns {Piece[]}
 */
export function piecesOf(message) {
  if (!message.includes("`")) return linked(message);
  /** @type {Piece[]} */
  const pieces = [];
  const lines = message.split("\n");
  let first = 0;
  const flush = (/** @type {number} */ end) => {
    if (end > first) pieces.push(...inline(lines.slice(first, end).join("\n")));
  };
  for (let start = 0; start < lines.length; start++) {
    if (!FENCE.test(lines[start])) continue;
    const end = lines.indexOf(END, start + 1);
    // Nor has any later fence an end.
    if (end === -1) break;
    flush(start);
    pieces.push({ kind: "block", text: lines.slice(start + 1, end).join("\n") });
    first = end + 1;
    start = end;
  }
  flush(lines.length);
  return pieces;
}

/** @param {string} text @returns {Piece[]} */
function inline(text) {
  /** @type {Piece[]} */
  const pieces = [];
  let end = 0;
  for (const { 0: found, 1: three, 2: one, index } of text.matchAll(CODE)) {
    if (index > end) pieces.push(...linked(text.slice(end, index)));
    pieces.push({ kind: "code", text: three ?? one });
    end = index + found.length;
  }
  if (end < text.length) pieces.push(...linked(text.slice(end)));
  return pieces;
}

/** @param {string} text @returns {Piece[]} */
function linked(text) {
  return linkify(text).map(({ text, href }) => href ? { kind: "link", text, href } : { kind: "text", text });
}

/** The element or text that shows a piece. @param {Piece} piece @returns {Node} */
export function nodeOf(piece) {
  if (piece.kind === "text") return document.createTextNode(piece.text);
  if (piece.kind === "link") {
    const { text, href } = piece;
    return element("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);
  }
  const className = piece.kind === "block" ? "message__block" : "message__code";
  // Right-to-left letters must not reorder what is written in code.
  return element("code", { className, dir: "ltr" }, piece.text);
}
