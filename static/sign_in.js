import { at } from "./address.js";
import { mountForm } from "./form.js";
import { mountSettings } from "./settings.js";
import { pageWords } from "./words.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-part=sign-in]"));

mountSettings();
mountForm(form, {
  words: pageWords(),
  method: "POST",
  path: "/api/session",
  body: ({ username, password }) => ({ username, password }),
  done: () => location.assign(at(form.dataset.to ?? "/chat/")),
});
