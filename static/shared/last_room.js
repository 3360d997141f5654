const KEY = "talksheet:last-room";

/** Notes that other pages of this tab should lead back to this room. @returns {void} */
export function noteRoom() {
  try {
    sessionStorage.setItem(KEY, location.pathname);
  } catch {
    // The browser forbids storage: other pages lead back to the lobby.
  }
}

/** The lobby calls this: from here on no page leads back to a room. @returns {void} */
export function forgetRoom() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // The browser forbids storage, so nothing was kept.
  }
}

/** The path of the room that this tab was in last, or "". @returns {string} */
export function lastRoom() {
  try {
    const path = sessionStorage.getItem(KEY) ?? "";
    return /^(\/[^/]+)*\/chat\/[^/]+\/$/.test(path) ? path : "";
  } catch {
    return "";
  }
}
