import { ask } from "../shared/api.js";
import { mountForm } from "../shared/form.js";
import { mountSettings } from "../shared/settings.js";
import { pageWords } from "../shared/words.js";

const words = pageWords();
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-part=rules]"));
const path = `/api/rooms/${encodeURIComponent(form.dataset.room ?? "")}`;

/** @template {HTMLElement} Kind @param {string} name @returns {Kind} */
const field = (name) => /** @type {Kind} */ (/** @type {unknown} */ (form.elements.namedItem(name)));

mountSettings();
mountForm(form, {
  words,
  method: "PATCH",
  path,
  body: (fields) => ({
    title: fields.title,
    private: "private" in fields,
    read_only: "read_only" in fields,
    members: fields.members.split(/[\n,，、]/).map((name) => name.trim()).filter(Boolean),
  }),
  done: (rules) => {
    show(rules);
    const done = /** @type {HTMLElement} */ (form.querySelector("[data-part=done]"));
    done.textContent = words.say("saved");
  },
});
const { ok, body } = await ask("GET", path);
// The fields are disabled until the rules are loaded, which would overwrite what was typed.
if (ok) show(body);
/** @type {HTMLFieldSetElement} */ (form.querySelector("[data-part=fields]")).disabled = !ok;

/** @param {{ title: string, private: boolean, read_only: boolean, members: string[] }} rules @returns {void} */
function show(rules) {
  /** @type {HTMLInputElement} */ (field("title")).value = rules.title;
  /** @type {HTMLInputElement} */ (field("private")).checked = rules.private;
  /** @type {HTMLInputElement} */ (field("read_only")).checked = rules.read_only;
  /** @type {HTMLTextAreaElement} */ (field("members")).value = rules.members.join("\n");
}
