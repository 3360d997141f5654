import { ask } from "../../shared/api.js";
import { part } from "../../shared/parts.js";
import { messageFiles } from "./message_files.js";

/** @import { Words } from "../../shared/words.js" */

/**
 * Shows all pictures and files of the room, newest first.
 * @param {HTMLDialogElement} dialog
 * @param {{ opener: HTMLElement, room: string, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountGallery(dialog, { opener, room, words }) {
  const listening = new AbortController();
  const { signal } = listening;
  const list = part("gallery-files", dialog);
  const status = part("gallery-status", dialog);
  const more = part("gallery-more", dialog);
  let before = "";
  const load = async () => {
    status.textContent = words.say("gallery_loading");
    const query = before && `&before=${before}`;
    const { ok, body } = await ask("GET", `/api/rooms/${encodeURIComponent(room)}/files?limit=50${query}`);
    more.hidden = !ok || !body.more;
    status.textContent = ok ? "" : words.say("gallery_failed");
    if (!ok) return;
    before = body.files.at(-1)?.id ?? before;
    list.append(...messageFiles(body.files, words).children);
    if (!list.childElementCount) status.textContent = words.say("gallery_empty");
  };
  opener.hidden = false;
  opener.addEventListener("click", () => {
    before = "";
    list.replaceChildren();
    dialog.showModal();
    void load();
  }, { signal });
  more.addEventListener("click", () => void load(), { signal });
  return () => listening.abort();
}
