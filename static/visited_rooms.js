import { at } from "./address.js";
import { paintAvatar } from "./person.js";
import { Clock } from "./time_line.js";

/** @import { ChatMessage } from "./frames.js" */
/** @import { Visits } from "./visits.js" */
/** @import { Words } from "./words.js" */

/** @typedef {Pick<ChatMessage, "id" | "username" | "message" | "timestamp" | "deleted">} LastMessage */

const REFRESH_EVERY_MS = 60_000;

/**
 * Lists the rooms visited lately, each with its last message and a mark where something is new. What the
 * server says is fetched anew whenever somebody looks, and every minute while they do; the list of a phone's
 * room page, which nobody sees, asks for nothing. The room one is in follows `said` (detail: the message)
 * and `deleted` (detail: its id), which are to be fired on `element`.
 * @param {HTMLElement} element
 * @param {{ visits: Visits, words: Words, current?: string }} parts `current`: the room one is in
 * @returns {() => void} unmounts
 */
export function mountVisitedRooms(element, { visits, words, current }) {
  const list = /** @type {HTMLElement} */ (element.querySelector("[data-part=rooms]"));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=room]"));
  const clock = new Clock(words);
  const listening = new AbortController();
  const { signal } = listening;
  const known = visits.all();
  element.toggleAttribute("data-empty", known.length === 0);

  const refreshers = known.map((visit) => {
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const row = /** @type {HTMLElement} */ (copy.firstElementChild);
    const isCurrent = visit.room === current;
    writeRoom(row, visit.room, isCurrent);
    list.append(row);
    /** @type {LastMessage | undefined} */
    let shown;
    /** @param {LastMessage | undefined} last */
    const show = (last) => {
      shown = last;
      writeLast(row, last, { words, clock });
      part(row, "unread").hidden = isCurrent || !last || last.id <= visits.seenId(visit.room);
    };
    if (isCurrent) {
      element.addEventListener(
        "said",
        (event) => show(/** @type {CustomEvent<LastMessage>} */ (event).detail),
        { signal },
      );
      element.addEventListener("deleted", (event) => {
        const { detail: id } = /** @type {CustomEvent<string>} */ (event);
        if (shown?.id === id) show({ ...shown, message: "", deleted: true });
      }, { signal });
    }
    return () => refresh(visit.room, { show, signal });
  });
  const isSeen = () => !document.hidden && list.checkVisibility();
  const refreshAll = () => isSeen() && refreshers.forEach((refreshRow) => refreshRow());
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
 * Copies the address that leads into a button's room (`data-room`), and says so on the button for a moment.
 * @param {HTMLButtonElement} button
 * @param {Words} words
 * @returns {Promise<void>}
 */
export async function copyRoomLink(button, words) {
  const link = new URL(roomPath(button.dataset.room ?? ""), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    // Without TLS there is no clipboard; a prompt lets people copy it themselves.
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
  const link = /** @type {HTMLAnchorElement} */ (part(row, "link"));
  link.href = roomPath(room);
  if (isCurrent) link.setAttribute("aria-current", "page");
  part(row, "name").textContent = room;
  paintAvatar(part(row, "avatar"), room);
  const copy = /** @type {HTMLElement | null} */ (row.querySelector("[data-action=copy]"));
  if (!copy) return;
  copy.dataset.room = room;
  copy.setAttribute("aria-label", `${copy.getAttribute("aria-label")} ${room}`);
}

/**
 * @param {string} room
 * @param {{ show: (last: LastMessage | undefined) => void, signal: AbortSignal }} parts
 * @returns {Promise<void>}
 */
async function refresh(room, { show, signal }) {
  const answer = await fetch(at(`/api/rooms/${encodeURIComponent(room)}/messages?limit=1`), { signal })
    .catch(() => null);
  if (answer?.ok) show((await answer.json()).messages[0]);
}

/**
 * @param {HTMLElement} row
 * @param {LastMessage | undefined} last
 * @param {{ words: Words, clock: Clock }} parts
 * @returns {void}
 */
function writeLast(row, last, { words, clock }) {
  part(row, "preview").textContent = last
    ? words.say("preview", {
      name: last.username,
      text: last.deleted ? words.say("deleted") : last.message,
    })
    : words.say("no_messages");
  if (!last) return;
  const time = /** @type {HTMLTimeElement} */ (part(row, "time"));
  time.dateTime = last.timestamp;
  time.textContent = clock.brief(Date.parse(last.timestamp));
}

/** @param {HTMLElement} row @param {string} name @returns {HTMLElement} */
function part(row, name) {
  return /** @type {HTMLElement} */ (row.querySelector(`[data-part=${name}]`));
}
