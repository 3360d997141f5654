import { problemSentence } from "../admin/sheet_problem.js";
import { ask } from "../shared/api.js";
import { mountForm } from "../shared/form.js";
import { fieldOf, part } from "../shared/parts.js";
import { refusal } from "../shared/refusal.js";
import { pageWords } from "../shared/words.js";

/** @typedef {{ spreadsheet?: string, tab?: string, account?: string }} RoomSheet */

const words = pageWords();
const section = part("sheet");
const form = /** @type {HTMLFormElement} */ (section.querySelector("form"));
const back = /** @type {HTMLButtonElement} */ (part("sheet-back", section));
const path = `/api/rooms/${encodeURIComponent(form.dataset.room ?? "")}/sheet`;

mountForm(form, {
  words,
  method: "PUT",
  path,
  body: ({ spreadsheet, tab }) => ({ spreadsheet, tab }),
  done: (sheet) => {
    show(sheet);
    part("done", form).textContent = words.say("sheet_own");
  },
  sentence: (words, answer) =>
    answer.body.problem ? problemSentence(words, answer.body.problem) : refusal(words, answer),
});
back.addEventListener("click", async () => {
  const answer = await ask("DELETE", path);
  part("error", form).textContent = answer.ok ? "" : refusal(words, answer);
  if (!answer.ok) return;
  show(answer.body);
  part("done", form).textContent = words.say("sheet_common");
});
const { ok, body } = await ask("GET", path);
// Hosts only keep order in the room, and where rows go to a file no room has a spreadsheet.
if (ok && body.account) {
  part("sheet-account", section).textContent = body.account;
  show(body);
  section.hidden = false;
}

/** @param {RoomSheet} sheet @returns {void} */
function show({ spreadsheet = "", tab = "" }) {
  /** @type {HTMLInputElement} */ (fieldOf(form, "spreadsheet")).value = spreadsheet;
  /** @type {HTMLInputElement} */ (fieldOf(form, "tab")).value = tab;
  back.hidden = !spreadsheet;
}
