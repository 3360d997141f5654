import { at } from "./address.js";
import { ask } from "./api.js";
import { mountForm } from "./form.js";
import { mountSettings } from "./settings.js";
import { pageWords } from "./words.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-part=sign-up]"));
/** @type {{ username: string, password: string }} */
let made;

mountSettings();
mountForm(form, {
  words: pageWords(),
  method: "POST",
  path: "/api/users",
  body: ({ username, password, display_name: displayName }) => {
    made = { username, password };
    return { ...made, display_name: displayName.trim() || undefined };
  },
  done: async () => {
    await ask("POST", "/api/session", made);
    location.assign(at(form.dataset.to ?? "/chat/"));
  },
});
