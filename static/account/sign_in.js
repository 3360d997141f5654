import { at } from "../shared/address.js";
import { mountForm } from "../shared/form.js";
import { mountSettings } from "../shared/settings.js";
import { pageWords } from "../shared/words.js";

const words = pageWords();
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-part=sign-in]"));

mountSettings();
// Deleting an account leads here.
if (new URLSearchParams(location.search).has("deleted")) {
  const notice = /** @type {HTMLElement} */ (document.querySelector("[data-part=told]"));
  notice.textContent = words.say("account_deleted");
}
mountForm(form, {
  words,
  method: "POST",
  path: "/api/session",
  body: ({ username, password }) => ({ username, password }),
  done: () => location.assign(at(form.dataset.to ?? "/chat/")),
});
