import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { mountForm } from "../shared/form.js";
import { mountSettings } from "../shared/settings.js";
import { pageWords } from "../shared/words.js";

const words = pageWords();
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-part=sign-up]"));
/** @type {{ username: string, password: string }} */
let made;

mountSettings();
mountForm(form, {
  words,
  method: "POST",
  path: "/api/users",
  body: ({ username, password, display_name: displayName }) => {
    made = { username, password };
    return { ...made, display_name: displayName.trim() || undefined };
  },
  done: async () => {
    const { ok } = await ask("POST", "/api/session", made);
    const goOn = /** @type {HTMLElement} */ (document.querySelector("[data-part=go-on]"));
    const notice = /** @type {HTMLElement} */ (document.querySelector("[data-part=made]"));
    notice.textContent = words.say("account_made", { name: made.username });
    const to = form.dataset.to ?? "/chat/";
    // Signing in failed, so the link leads to the page for it.
    goOn.setAttribute("href", at(ok ? to : `/account/sign-in/?to=${encodeURIComponent(to)}`));
    form.hidden = true;
    goOn.hidden = false;
    goOn.focus();
  },
});
