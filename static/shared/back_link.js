import { lastRoom } from "./last_room.js";

// On a page that was opened from a room the link leads back to that room instead of the lobby.
const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector("[data-part=back]"));
const path = lastRoom();
if (link && path) {
  link.href = path;
  link.setAttribute("aria-label", link.dataset.toRoom ?? "");
}
