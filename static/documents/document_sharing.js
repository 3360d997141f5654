import { fieldOf, part } from "../shared/parts.js";
import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { loadForm, mountForm, namesIn } from "../shared/form.js";
import { refusal } from "../shared/refusal.js";

/** @import { Words } from "../shared/words.js" */

/**
 * The dialog for sharing and deleting a document, for those who may manage it.
 * @param {{ id: string, words: Words }} parts
 * @returns {void}
 */
export function mountSharing({ id, words }) {
  const dialog = /** @type {HTMLDialogElement} */ (part("sharing"));
  const form = /** @type {HTMLFormElement} */ (part("sharing-form"));
  const path = `/api/documents/${encodeURIComponent(id)}`;
  const members = /** @type {HTMLTextAreaElement} */ (fieldOf(form, "members"));
  const isPrivate = /** @type {HTMLInputElement} */ (fieldOf(form, "private"));
  const done = /** @type {HTMLElement} */ (part("done", form));
  const error = /** @type {HTMLElement} */ (part("error", form));

  part("sharing-open").hidden = document.body.dataset.mayManage !== "true";
  part("sharing-open").addEventListener("click", open);
  part("sharing-delete").addEventListener("click", remove);
  mountForm(form, {
    words,
    method: "PATCH",
    path,
    body: (fields) => ({
      private: "private" in fields,
      members: namesIn(fields.members),
    }),
    done: (entry) => {
      show(entry);
      done.textContent = words.say("saved");
    },
  });

  async function open() {
    done.textContent = "";
    await loadForm(form, { words, path, show });
    dialog.showModal();
  }

  /** @param {{ private: boolean, members: string[] }} entry */
  function show(entry) {
    isPrivate.checked = entry.private;
    members.value = entry.members.join("\n");
  }

  async function remove() {
    if (!confirm(words.say("delete_question"))) return;
    const answer = await ask("DELETE", path);
    if (answer.ok) location.assign(at("/docs/"));
    else error.textContent = refusal(words, answer);
  }
}
