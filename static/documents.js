import { at } from "./address.js";
import { ask } from "./api.js";
import { mountForm } from "./form.js";
import { mountSettings } from "./settings.js";
import { pageWords } from "./words.js";

/** @typedef {{ id: string, title: string, edited_at: string }} Entry */

const words = pageWords();
const time = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "short",
});
const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=document]"));

/** @template {HTMLElement} Kind @param {string} name @param {ParentNode} [place] @returns {Kind} */
const part = (name, place = document) => /** @type {Kind} */ (place.querySelector(`[data-part="${name}"]`));

mountSettings();
mountForm(part("create"), {
  words,
  method: "POST",
  path: "/api/documents",
  body: ({ title }) => ({ title }),
  done: ({ id }) => location.assign(addressOf(id)),
});
await show();

async function show() {
  const { ok, body } = await ask("GET", "/api/documents");
  if (!ok) return part("none").textContent = words.say("failed");
  part("documents").replaceChildren(...body.documents.map(row));
  part("none").textContent = body.documents.length ? "" : words.say("none");
}

/** @param {Entry} entry @returns {Node} */
function row({ id, title, edited_at: editedAt }) {
  const row = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
  link.href = addressOf(id);
  part("title", row).textContent = title || words.say("untitled");
  part("fact", row).textContent = words.say("edited", { time: time.format(new Date(editedAt)) });
  return row;
}

/** @param {string} id @returns {string} */
function addressOf(id) {
  return at(`/docs/${encodeURIComponent(id)}/`);
}
