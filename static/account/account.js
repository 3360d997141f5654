import { copyOf, part } from "../shared/parts.js";
import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { isToday } from "../shared/dates.js";
import { forgetAccount } from "../shared/former_account.js";
import { mountForm } from "../shared/form.js";
import { refusal } from "../shared/refusal.js";
import { mountSettings } from "../shared/settings.js";
import { openStorage } from "../shared/storage.js";
import { mountPushButton } from "./push_button.js";
import { mountWatchForm } from "./watch_form.js";
import { pageWords } from "../shared/words.js";

/** @typedef {{ id: string, name: string, used_at: string, ends_at: string, current?: boolean }} Credential */

const words = pageWords();
const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium" });
const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=pass]"));

mountSettings();
part("sign-out").addEventListener("click", () => act("DELETE", "/api/session", leave));
part("end-others").addEventListener("click", () => act("DELETE", "/api/sessions", showSessions));
mountForm(part("change-name"), {
  words,
  method: "PATCH",
  path: "/api/account",
  body: ({ display_name }) => ({ display_name }),
  done: ({ user }) => {
    const form = /** @type {HTMLFormElement} */ (part("change-name"));
    /** @type {HTMLInputElement} */ (form.elements.namedItem("display_name")).value = user.display_name;
    part("who").textContent = user.display_name;
    part("done", form).textContent = words.say("name_changed", { name: user.display_name });
  },
});
mountWatchForm(part("watch"), { words });
mountPushButton(part("push"), { words });
part("copy-token").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(part("secret").textContent ?? "");
    part("copy-token").textContent = words.say("token_copied");
  } catch {
    // Some browsers forbid copying: the token is selected, to be copied by hand.
    getSelection()?.selectAllChildren(part("secret"));
  }
});
mountForm(part("change-password"), {
  words,
  method: "POST",
  path: "/api/account/password",
  body: ({ password, new_password: next, keep_tokens: keepsTokens }) => ({
    password,
    new_password: next,
    keep_tokens: Boolean(keepsTokens),
  }),
  done: async () => {
    const form = /** @type {HTMLFormElement} */ (part("change-password"));
    form.reset();
    part("done", form).textContent = words.say("password_changed");
    await Promise.all([showSessions(), showTokens()]);
  },
});
mountForm(part("make-token"), {
  words,
  method: "POST",
  path: "/api/tokens",
  body: ({ name, expires_in_days: days, service }) => ({
    name,
    role: service ? "service" : undefined,
    expires_in_days: days ? Number(days) : undefined,
  }),
  done: async ({ token }) => {
    const form = /** @type {HTMLFormElement} */ (part("make-token"));
    form.reset();
    const done = part("done", form);
    done.textContent = words.say("token_made");
    part("secret").textContent = token;
    part("copy-token").hidden = false;
    part("copy-token").textContent = words.say("token_copy");
    await showTokens();
  },
});
mountForm(part("delete-account"), {
  words,
  method: "DELETE",
  path: "/api/account",
  body: ({ password }) => ({ password }),
  done: () => location.assign(at("/account/sign-in/?deleted=1")),
});
await Promise.all([showSessions(), showTokens()]);

/** Sends a request that needs no form, and shows a refusal. @param {string} method @param {string} path @param {() => unknown} done */
async function act(method, path, done) {
  const answer = await ask(method, path);
  part("trouble").textContent = answer.ok ? "" : refusal(words, answer);
  if (answer.ok) await done();
}

function leave() {
  forgetAccount(openStorage());
  location.assign(at("/chat/"));
}

async function showSessions() {
  const { body } = await ask("GET", "/api/sessions");
  showCredentials(part("sessions"), body.sessions ?? [], "/api/sessions", showSessions);
}

async function showTokens() {
  const { body } = await ask("GET", "/api/tokens");
  showCredentials(part("tokens"), body.tokens ?? [], "/api/tokens", showTokens);
}

/**
 * @param {HTMLElement} list
 * @param {Credential[]} credentials
 * @param {string} path
 * @param {() => unknown} changed
 */
function showCredentials(list, credentials, path, changed) {
  list.replaceChildren(...credentials.map((credential) => {
    const row = copyOf(template);
    part("name", row).textContent = credential.current
      ? words.say("this_browser")
      : browserIn(credential.name);
    part("used", row).textContent = words.say("used", {
      used: dayOf(credential.used_at),
      ends: dayOf(credential.ends_at),
    });
    const button = part("end", row);
    if (credential.current) button.remove();
    else button.addEventListener("click", () => act("DELETE", `${path}/${credential.id}`, changed));
    return row;
  }));
}

/** @param {string} at @returns {string} */
function dayOf(at) {
  return isToday(Date.parse(at)) ? words.say("today") : day.format(new Date(at));
}

/** The browser and system in a user agent, or a token's name unchanged. @param {string} name */
function browserIn(name) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/\d+/.exec(name)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(name)?.[1];
  return browser && system ? `${browser} · ${system}` : name.slice(0, 64) || words.say("unknown_browser");
}
