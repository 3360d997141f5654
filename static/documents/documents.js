import { copyOf, part } from "../shared/parts.js";
import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { dateAndTimeFormat } from "../shared/dates.js";
import { mountForm } from "../shared/form.js";
import { mountSettings } from "../shared/settings.js";
import { pageWords } from "../shared/words.js";

/** @typedef {{ id: string, title: string, edited_at: string, private: boolean, restore_until?: string }} ListedDocument */

/** A search begins this long after the last key. */
const SEARCH_AFTER_MS = 250;

const words = pageWords();
const time = dateAndTimeFormat(document.documentElement.lang);

/** @param {string} name @returns {HTMLElement} */
const rowFrom = (name) =>
  copyOf(/** @type {HTMLTemplateElement} */ (document.querySelector(`[data-template=${name}]`)));

const search = /** @type {HTMLInputElement} */ (part("search"));
/** @type {string | undefined} the cursor of the next page */
let next;
/** The number of the latest request: answers to earlier ones are ignored. */
let latestRequest = 0;
/** @type {number | undefined} */
let waiting;

mountSettings();
mountForm(part("create"), {
  words,
  method: "POST",
  path: "/api/documents",
  body: ({ title, private: isPrivate }) => ({ title, private: isPrivate !== undefined }),
  done: ({ id }) => location.assign(addressOf(id)),
});
search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(begin, SEARCH_AFTER_MS);
});
part("older").addEventListener("click", () => more());
await Promise.all([begin(), showDeleted()]);

/** Shows the list from its beginning. */
async function begin() {
  next = undefined;
  await more({ isFirst: true });
}

/** Adds a page to the list. @param {{ isFirst?: boolean }} [how] */
async function more({ isFirst = false } = {}) {
  const request = ++latestRequest;
  const q = search.value.trim();
  const query = new URLSearchParams(q ? { q } : {});
  /** @type {ListedDocument[]} */
  const found = [];
  let isOk = true;
  // A page may be empty although there are more: the service reads a limited number of documents for each.
  do {
    if (next !== undefined) query.set("before", next);
    const { ok, body } = await ask("GET", `/api/documents?${query}`);
    if (request !== latestRequest) return;
    isOk = ok;
    found.push(...body.documents ?? []);
    next = body.next;
  } while (next !== undefined && !found.length);
  const list = part("documents");
  if (isFirst) list.replaceChildren();
  const first = list.children.length;
  list.append(...found.map(row));
  // The button may disappear, so the focus moves to the first new row.
  if (!isFirst) /** @type {HTMLElement | null} */ (list.children[first]?.querySelector("a"))?.focus();
  part("older").hidden = next === undefined;
  const none = q ? words.say("none_found") : words.say("none");
  part("none").textContent = !isOk ? words.say("failed") : list.children.length ? "" : none;
}

/** Lists the deleted documents that can still be restored. */
async function showDeleted() {
  if (document.body.dataset.role === "guest") return;
  const { body } = await ask("GET", "/api/documents?deleted=1&limit=200");
  const entries = /** @type {ListedDocument[]} */ (body.documents ?? []);
  part("deleted-part").hidden = !entries.length;
  part("deleted").replaceChildren(...entries.map(deletedRow));
}

/** @param {ListedDocument} entry @returns {Node} */
function row(entry) {
  const row = rowFrom("document");
  const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
  link.href = addressOf(entry.id);
  part("title", row).textContent = titleOf(entry);
  const edited = words.say("edited", { time: time.format(new Date(entry.edited_at)) });
  part("fact", row).textContent = entry.private ? words.say("private_edited", { edited }) : edited;
  return row;
}

/** @param {ListedDocument} entry @returns {Node} */
function deletedRow(entry) {
  const row = rowFrom("deleted");
  const title = titleOf(entry);
  part("title", row).textContent = title;
  const until = time.format(new Date(entry.restore_until ?? 0));
  part("fact", row).textContent = words.say("restore_until", { time: until });
  const button = part("restore", row);
  button.setAttribute("aria-label", words.say("restore_of", { title }));
  button.addEventListener("click", async () => {
    const { ok } = await ask("POST", `/api/documents/${encodeURIComponent(entry.id)}/restore`, {});
    part("told").textContent = ok ? words.say("restored", { title }) : words.say("failed");
    await Promise.all([begin(), showDeleted()]);
  });
  return row;
}

/** @param {ListedDocument} entry @returns {string} */
function titleOf({ title }) {
  return title || words.say("untitled");
}

/** @param {string} id @returns {string} */
function addressOf(id) {
  return at(`/docs/${encodeURIComponent(id)}/`);
}
