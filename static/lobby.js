import { prefetchRoom } from "./room_prefetch.js";
import { mountSettings } from "./settings.js";
import { openStorage } from "./storage.js";
import { mountVisitedRooms } from "./visited_rooms.js";
import { Visits } from "./visits.js";
import { pageWords } from "./words.js";

const visits = new Visits(openStorage());
const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
const room = /** @type {HTMLInputElement} */ (form.elements.namedItem("room"));
const username = /** @type {HTMLInputElement} */ (form.elements.namedItem("username"));

const visited = /** @type {HTMLElement} */ (document.querySelector("[data-part=visited]"));

mountSettings();
prefetchRoom([form, visited], new URL("./", import.meta.url).href);
mountVisitedRooms(
  visited,
  {
    visits,
    words: pageWords(),
  },
);
room.value ||= visits.all()[0]?.room ?? "";
username.value ||= visits.nickname;
room.addEventListener("input", () => room.setCustomValidity(""));
room.addEventListener(
  "invalid",
  () => room.setCustomValidity(room.value ? room.title : ""),
);
form.addEventListener("submit", () => {
  if (username.value.trim()) visits.nickname = username.value.trim();
});
