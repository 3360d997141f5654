import { ask } from "../shared/api.js";
import { mountSettings } from "../shared/settings.js";

/** The text is loaded at this interval while the page is visible. */
const EVERY_MS = 3_000;
const text = /** @type {HTMLElement} */ (document.querySelector("[data-part=text]"));
const path = `/api/documents/${encodeURIComponent(document.body.dataset.document ?? "")}/text`;

mountSettings();
document.addEventListener("visibilitychange", show);
setInterval(show, EVERY_MS);
await show();

async function show() {
  if (document.hidden) return;
  const { ok, body } = await ask("GET", path);
  if (ok && text.textContent !== body.text) text.textContent = body.text;
}
