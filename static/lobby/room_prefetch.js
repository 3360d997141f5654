/** What shows that somebody is about to enter a room. */
const SIGNS = ["focusin", "pointerover", "touchstart"];

/**
 * Fetches what a room's page needs as soon as somebody is about to enter one, and not before: whoever only looks at the
 * lobby, on a slow line perhaps, loads nothing of it.
 * @param {readonly Element[]} ways what leads into a room
 * @param {string} files where static files of this version are, with a slash at the end
 * @returns {void}
 */
export function prefetchRoom(ways, files) {
  const listening = new AbortController();
  const fetchAhead = () => {
    listening.abort();
    for (const [name, kind] of [["room/room_page.css", "style"], ["built/room.js", "script"]]) {
      const link = document.createElement("link");
      Object.assign(link, { rel: "prefetch", as: kind, href: files + name });
      document.head.append(link);
    }
  };
  for (const way of ways) {
    for (const sign of SIGNS) {
      way.addEventListener(sign, fetchAhead, { signal: listening.signal, passive: true });
    }
  }
}
