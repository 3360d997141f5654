/** Events that precede entering a room. */
const EVENTS = ["focusin", "pointerover", "touchstart"];

/**
 * Fetches the files of the room's page once somebody is about to enter a room, and not before: visitors on slow lines who
 * only read the lobby load none of them.
 * @param {readonly Element[]} ways the elements that lead into a room
 * @param {string} files the address of this version's static files, with a slash at the end
 * @returns {void}
 */
export function prefetchRoom(ways, files) {
  const listening = new AbortController();
  const fetchAhead = () => {
    listening.abort();
    for (const [file, kind] of [["room/room_page.css", "style"], ["built/room.js", "script"]]) {
      const link = document.createElement("link");
      Object.assign(link, { rel: "prefetch", as: kind, href: files + file });
      document.head.append(link);
    }
  };
  for (const way of ways) {
    for (const name of EVENTS) {
      way.addEventListener(name, fetchAhead, { signal: listening.signal, passive: true });
    }
  }
}
