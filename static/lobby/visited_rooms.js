import { at } from "../shared/address.js";
import { hueOf, paintAvatar } from "../shared/person.js";
import { copyOf, part } from "../shared/parts.js";
import { askRooms } from "../shared/room_summaries.js";
import { TimeFormat } from "../shared/dates.js";

/** @import { RoomSummary } from "../shared/room_summaries.js" */
/** @import { Visits } from "./visits.js" */
/** @import { Words } from "../shared/words.js" */

const REFRESH_EVERY_MS = 60_000;

/**
 * Lists the rooms visited lately, each with its last message, and a mark if it is unread. They are fetched whenever the list
 * becomes visible, and every minute while it is; the hidden list on phones fetches nothing. The current room is updated by
 * events that the caller fires on `element`: `said` (detail: the message), `changed` (detail: the frame) and `rules`.
 * @param {HTMLElement} element
 * @param {{ visits: Visits, words: Words, current?: string }} parts `current`: the room of this page
 * @returns {() => void} unmounts
 */
export function mountVisitedRooms(element, { visits, words, current }) {
  const list = /** @type {HTMLElement} */ (element.querySelector("[data-part=rooms]"));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=room]"));
  const format = new TimeFormat(words);
  const listening = new AbortController();
  const { signal } = listening;
  const known = visits.all();
  element.toggleAttribute("data-empty", known.length === 0);

  /** @type {Map<string, (summary: RoomSummary) => void>} by room */
  const showers = new Map(known.map(({ room }) => {
    const row = copyOf(template);
    const isCurrent = room === current;
    writeRoom(row, room, isCurrent);
    list.append(row);
    /** @type {RoomSummary} */
    let shown = { name: room, may_enter: true, private: false };
    /** @param {RoomSummary} summary */
    const show = (summary) => {
      shown = summary;
      writeTitle(row, summary);
      writeLast(row, summary, { words, format });
      const { last } = summary;
      part("unread", row).hidden = isCurrent || !last || last.id <= visits.seenId(room);
    };
    if (isCurrent) {
      const on = (/** @type {string} */ name, /** @type {(detail: any) => void} */ act) =>
        element.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail), { signal });
      on("said", (last) => show({ ...shown, last }));
      on("rules", ({ title, isPrivate }) => show({ ...shown, title, private: isPrivate }));
      on("changed", (frame) => {
        const { last } = shown;
        if (!last || last.id !== (frame.message_id ?? frame.id)) return;
        if (frame.type === "message_edited") show({ ...shown, last: { ...last, message: frame.message } });
        if (frame.type === "message_deleted") {
          show({ ...shown, last: { ...last, message: "", deleted: true } });
        }
      });
    }
    return [room, show];
  }));
  const refreshAll = async () => {
    if (!isSeen() || !known.length) return;
    const rooms = await askRooms(known.map(({ room }) => room));
    for (const summary of rooms) if (!signal.aborted) showers.get(summary.name)?.(summary);
  };
  const isSeen = () => !document.hidden && list.checkVisibility();
  const appearing = new IntersectionObserver(refreshAll);
  appearing.observe(list);
  const refreshing = setInterval(refreshAll, REFRESH_EVERY_MS);
  document.addEventListener("visibilitychange", refreshAll, { signal });
  list.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest("[data-action=copy]");
    if (button) copyRoomLink(/** @type {HTMLButtonElement} */ (button), words);
  }, { signal });
  return () => {
    appearing.disconnect();
    clearInterval(refreshing);
    listening.abort();
  };
}

/**
 * Copies the address of the button's room (`data-room`), and says so on the button for 2 s.
 * @param {HTMLButtonElement} button
 * @param {Words} words
 * @returns {Promise<void>}
 */
export async function copyRoomLink(button, words) {
  const link = new URL(roomPath(button.dataset.room ?? ""), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    // Without TLS there is no clipboard: people copy the address from a prompt.
    prompt(words.say("copy_link"), link);
    return;
  }
  button.dataset.copied = words.say("copied");
  setTimeout(() => delete button.dataset.copied, 2_000);
}

/** @param {string} room @returns {string} */
export function roomPath(room) {
  return at(`/chat/${encodeURIComponent(room)}/`);
}

/** @param {HTMLElement} row @param {string} room @param {boolean} isCurrent @returns {void} */
function writeRoom(row, room, isCurrent) {
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
function writeTitle(row, { name, title, private: isPrivate }) {
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
function writeLast(row, { last, may_enter: mayEnter, closed }, { words, format }) {
  part("who", row).textContent = last ? words.say("preview_name", { name: last.username }) : "";
  part("what", row).textContent = last
    ? last.deleted ? words.say("deleted") : last.message
    : words.say(closed ? "room_closed" : mayEnter ? "no_messages" : "members_only");
  const time = /** @type {HTMLTimeElement} */ (part("time", row));
  time.textContent = last ? format.brief(Date.parse(last.timestamp)) : "";
  if (last) time.dateTime = last.timestamp;
}
