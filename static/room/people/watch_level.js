import { ask } from "../../shared/api.js";
import { part } from "../../shared/parts.js";

/**
 * Shows of which messages of this room the account is notified, as the bell tells it (`roomunread` on the document), and changes it.
 * @param {HTMLElement} element
 * @param {{ room: string }} parts
 * @returns {() => void} unmounts
 */
export function mountWatchLevel(element, { room }) {
  const listening = new AbortController();
  const { signal } = listening;
  const select = /** @type {HTMLSelectElement} */ (part("watch-level", element));
  let level = "";
  const show = () => {
    element.hidden = level === "";
    select.value = level;
  };
  document.addEventListener("roomunread", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (detail.room !== room) return;
    level = detail.level;
    show();
  }, { signal });
  select.addEventListener("change", async () => {
    const path = `/api/rooms/${encodeURIComponent(room)}/watch`;
    const { ok, body } = await ask("PUT", path, { level: select.value });
    if (ok) level = body.level;
    show();
  }, { signal });
  return () => listening.abort();
}
