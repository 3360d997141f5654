const KEY = "talksheet:last-room";

/** Notes that this page is the room that other pages of this tab lead back to. @returns {void} */
export function noteRoom() {
  try {
    sessionStorage.setItem(KEY, location.pathname);
  } catch {
    // Where the browser keeps nothing, the way back leads to the lobby.
  }
}

/** Whoever is in the lobby has left the room. @returns {void} */
export function forgetRoom() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

/** The address of the room that this tab was in last, or "". @returns {string} */
export function lastRoom() {
  try {
    const path = sessionStorage.getItem(KEY) ?? "";
    return /^(\/[^/]+)*\/chat\/[^/]+\/$/.test(path) ? path : "";
  } catch {
    return "";
  }
}
