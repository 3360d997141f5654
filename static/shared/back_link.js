import { lastRoom } from "./last_room.js";

// A page that was opened from a room leads back to it, and not to the lobby.
const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector("[data-part=back]"));
const path = lastRoom();
if (link && path) {
  link.href = path;
  link.setAttribute("aria-label", link.dataset.toRoom ?? "");
}
