/** Draws a room in a list of rooms. */
import { part } from "../shared/parts.js";
import { hueOf, paintAvatar } from "../shared/person.js";
import { roomPath } from "./room_link.js";

/** @import { TimeFormat } from "../shared/dates.js" */
/** @import { RoomSummary } from "../shared/room_summaries.js" */
/** @import { Words } from "../shared/words.js" */

/** Above this number a row shows `99+`. */
const MAX_COUNT = 99;

/** @param {HTMLElement} row @param {string} room @param {boolean} isCurrent @returns {void} */
export function writeRoom(row, room, isCurrent) {
  const link = /** @type {HTMLAnchorElement} */ (part("link", row));
  link.href = roomPath(room);
  if (isCurrent) link.setAttribute("aria-current", "page");
  part("name", row).textContent = room;
  paintAvatar(part("avatar", row), room);
  const copy = /** @type {HTMLElement | null} */ (row.querySelector("[data-action=copy]"));
  if (!copy) return;
  copy.dataset.room = room;
  copy.setAttribute("aria-label", `${copy.getAttribute("aria-label")} ${room}`);
}

/** @param {HTMLElement} row @param {RoomSummary} summary @returns {void} */
export function writeTitle(row, { name, title, private: isPrivate }) {
  part("name", row).textContent = title || name;
  part("link", row).title = title && title !== name ? name : "";
  part("lock", row).toggleAttribute("hidden", !isPrivate);
  paintAvatar(part("avatar", row), title || name, hueOf(name));
}

/**
 * @param {HTMLElement} row
 * @param {RoomSummary} summary
 * @param {{ words: Words, format: TimeFormat }} parts
 * @returns {void}
 */
export function writeLast(row, { last, may_enter: mayEnter, closed }, { words, format }) {
  part("who", row).textContent = last ? words.say("preview_name", { name: last.username }) : "";
  part("what", row).textContent = last
    ? last.deleted ? words.say("deleted") : last.message
    : words.say(closed ? "room_closed" : mayEnter ? "no_messages" : "members_only");
  const time = /** @type {HTMLTimeElement} */ (part("time", row));
  time.textContent = last ? format.brief(Date.parse(last.timestamp)) : "";
  if (last) time.dateTime = last.timestamp;
}

/**
 * Shows how much is unread: a number for accounts, a dot for guests, of whom only their browser knows what they have seen.
 * @param {HTMLElement} row
 * @param {{ unread: number, mentions: number } | boolean} unread
 * @param {Words} words
 * @returns {void}
 */
export function writeUnread(row, unread, words) {
  const badge = part("unread", row);
  const { unread: count, mentions } = typeof unread === "boolean"
    ? { unread: Number(unread), mentions: 0 }
    : unread;
  const isCounted = typeof unread !== "boolean";
  badge.hidden = count === 0;
  badge.toggleAttribute("data-count", isCounted);
  const number = count > MAX_COUNT ? `${MAX_COUNT}+` : String(count);
  badge.textContent = isCounted && count ? (mentions ? "@" : "") + number : "";
  const said = [
    words.say("unread_count", { count }),
    mentions && words.say("unread_mentions", { count: mentions }),
  ];
  badge.ariaLabel = isCounted ? said.filter(Boolean).join(words.say("list_separator")) : words.say("unread");
}
