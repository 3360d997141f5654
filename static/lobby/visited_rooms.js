import { RoomList } from "./room_list.js";
import { copyRoomLink } from "./room_link.js";
import { askMyRooms, askRooms } from "../shared/room_summaries.js";

/** @import { Visits } from "./visits.js" */
/** @import { Words } from "../shared/words.js" */

const REFRESH_EVERY_MS = 60_000;

/**
 * Lists rooms, that with the newest message first: for an account all in which it was, on any device, with what is unread
 * there, as the service tells it (`roomunread` on the document); for a guest those visited in this browser. They are fetched
 * whenever the list becomes visible, and every minute while it is; the hidden list on phones fetches nothing. The current room
 * is updated by events that the caller fires on `element`: `said` (detail: the message), `changed` (detail: the frame) and `rules`.
 * @param {HTMLElement} element
 * @param {{ visits: Visits, words: Words, current?: string }} parts `current`: the room of this page
 * @returns {() => void} unmounts
 */
export function mountVisitedRooms(element, { visits, words, current }) {
  const isGuest = document.body.dataset.role === "guest";
  const rows = /** @type {HTMLElement} */ (element.querySelector("[data-part=rooms]"));
  const listening = new AbortController();
  const { signal } = listening;
  const list = new RoomList(rows, {
    words,
    current,
    seenId: isGuest ? (room) => visits.seenId(room) : undefined,
  });
  const visited = visits.all();
  for (const { room, visitedAt } of visited) list.add(room, visitedAt);
  const showEmpty = () => element.toggleAttribute("data-empty", list.isEmpty);
  showEmpty();
  const on = (
    /** @type {string} */ name,
    /** @type {(detail: any) => void} */ act,
    target = /** @type {EventTarget} */ (element),
  ) => target.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail), { signal });
  on("said", (last) => list.update({ name: current ?? "", last }));
  on("rules", ({ title, isPrivate }) => list.update({ name: current ?? "", title, private: isPrivate }));
  on("changed", (frame) => list.revise(current ?? "", frame));

  const refresh = async () => {
    if (document.hidden || !(rows.checkVisibility() || list.isEmpty)) return;
    const asked = list.beginUpdate();
    const own = isGuest ? [] : await askMyRooms();
    const others = visited.map(({ room }) => room).filter((room) => own.every(({ name }) => name !== room));
    const summaries = [...own, ...others.length ? await askRooms(others) : []];
    if (signal.aborted) return;
    for (const summary of summaries) asked.update(summary);
    showEmpty();
  };
  on("roomunread", ({ room, unread, mentions, last }) => {
    if (list.has(room)) list.update({ name: room, unread, mentions, ...(last && { last }) });
    // A room that was entered on another device: what it is called stands in no frame.
    else refresh();
  }, document);
  // The empty list isn't shown, and so can't appear.
  if (list.isEmpty && !isGuest) refresh();
  const appearing = new IntersectionObserver(refresh);
  appearing.observe(rows);
  const refreshing = setInterval(refresh, REFRESH_EVERY_MS);
  document.addEventListener("visibilitychange", refresh, { signal });
  rows.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest("[data-action=copy]");
    if (button) copyRoomLink(/** @type {HTMLButtonElement} */ (button), words);
  }, { signal });
  return () => {
    appearing.disconnect();
    clearInterval(refreshing);
    listening.abort();
  };
}
