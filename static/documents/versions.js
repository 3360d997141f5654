import { copyOf, part } from "../shared/parts.js";
import { ask } from "../shared/api.js";
import { dateAndTimeFormat } from "../shared/dates.js";

/** @import { Words } from "../shared/words.js" */
/** @typedef {{ id: string, timestamp: string, authors: string[] }} Version */

/**
 * The dialog with the versions of a document: their list, the text of each, and the button to restore it.
 * @param {{ id: string, words: Words }} parts
 * @returns {void}
 */
export function mountVersions({ id, words }) {
  const dialog = /** @type {HTMLDialogElement} */ (part("versions"));
  const text = part("version-text");
  const restore = part("restore");
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=version]"));
  const path = `/api/documents/${encodeURIComponent(id)}/versions`;
  const time = dateAndTimeFormat(document.documentElement.lang);
  let chosen = "";

  part("versions-open").addEventListener("click", open);
  restore.addEventListener("click", async () => {
    if (!chosen) return;
    const { ok } = await ask("POST", `${path}/${chosen}/restore`, {});
    if (ok) dialog.close();
    else part("versions-trouble").textContent = words.say("failed");
  });

  async function open() {
    chosen = "";
    text.hidden = restore.hidden = true;
    part("versions-trouble").textContent = "";
    part("versions-list").replaceChildren();
    dialog.showModal();
    const { ok, code, body } = await ask("GET", path);
    // The service doesn't know a document until somebody has written in it.
    const versions = ok ? body.versions : [];
    if (!ok && code !== "not_found") part("versions-trouble").textContent = words.say("failed");
    part("versions-none").hidden = versions.length > 0;
    part("versions-list").replaceChildren(...versions.map(row));
  }

  /** @param {Version} version @returns {Node} */
  function row({ id, timestamp, authors }) {
    const row = copyOf(template);
    const button = /** @type {HTMLButtonElement} */ (row.querySelector("button"));
    const at = time.format(new Date(timestamp));
    button.textContent = authors.length
      ? words.say("version", { time: at, authors: words.list(authors) })
      : words.say("version_alone", { time: at });
    button.addEventListener("click", () => choose(id, button));
    return row;
  }

  /** @param {string} version @param {HTMLButtonElement} button */
  async function choose(version, button) {
    const { ok, body } = await ask("GET", `${path}/${version}`);
    if (!ok) return part("versions-trouble").textContent = words.say("failed");
    for (const other of part("versions-list").querySelectorAll("button")) {
      other.ariaPressed = String(other === button);
    }
    chosen = version;
    text.textContent = body.text;
    text.hidden = restore.hidden = false;
  }
}
