import { part } from "../shared/parts.js";
import { ask } from "../shared/api.js";
import { forgetRoom } from "../shared/last_room.js";
import { prefetchRoom } from "./room_prefetch.js";
import { mountSettings } from "../shared/settings.js";
import { openStorage } from "../shared/storage.js";
import { roomPath } from "./room_link.js";
import { mountVisitedRooms } from "./visited_rooms.js";
import { Visits } from "./visits.js";
import { pageWords } from "../shared/words.js";

const visits = new Visits(openStorage());
const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
const room = /** @type {HTMLInputElement} */ (form.elements.namedItem("room"));
const username = /** @type {HTMLInputElement} */ (form.elements.namedItem("username"));

const words = pageWords();

const isPrivate = /** @type {HTMLInputElement} */ (part("private"));

forgetRoom();
mountSettings();
prefetchRoom([form, part("visited")], new URL("../", import.meta.url).href);
mountVisitedRooms(part("visited"), { visits, words });
// Making a private room takes this script, so the server renders the field hidden.
part("private-field").hidden = false;
room.value ||= visits.all()[0]?.room ?? "";
username.value ||= visits.nickname;
// Accounts have their own name.
username.disabled = document.body.dataset.role !== "guest";
room.addEventListener("input", () => room.setCustomValidity(""));
room.addEventListener(
  "invalid",
  () => room.setCustomValidity(room.value ? room.title : ""),
);
form.addEventListener("submit", (event) => {
  if (username.value.trim()) visits.nickname = username.value.trim();
  if (!isPrivate.checked) return;
  event.preventDefault();
  void makePrivate(room.value.trim());
});

/** Makes a room that only its members can enter, and enters it. @param {string} name @returns {Promise<void>} */
async function makePrivate(name) {
  part("error").textContent = "";
  const { ok, code } = await ask("POST", "/api/rooms", { room: name, private: true });
  if (ok) return location.assign(roomPath(name));
  part("error").textContent = words.say(code === "room_taken" ? "room_taken" : "room_not_made");
}
