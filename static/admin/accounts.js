import { ask } from "../shared/api.js";
import { mountForm } from "../shared/form.js";
import { newPassword } from "./new_password.js";
import { buttonOf, RowList, write } from "../shared/row_list.js";

/** @import { Answer } from "../shared/api.js" */
/** @import { Words } from "../shared/words.js" */
/** @typedef {{ username: string, display_name: string, role: string }} Account */

/**
 * All accounts, with their roles.
 * @param {HTMLElement} list
 * @param {object} parts
 * @param {Words} parts.words
 * @param {(answer: Answer) => boolean} parts.succeeded
 * @param {HTMLFormElement} parts.make the form for a new account
 * @param {HTMLElement} parts.done succeeded what was done
 * @param {HTMLElement} parts.password shown the password that was made
 * @returns {{ refresh: () => Promise<void> }}
 */
export function mountAccounts(list, { words, succeeded, make, done, password }) {
  /** @param {string} sentence @param {string} [secret] */
  const say = (sentence, secret = "") => {
    done.textContent = sentence;
    password.textContent = secret;
  };
  let made = { username: "", password: "" };
  const rows = new RowList(list, {
    template: "account",
    keyOf: (/** @type {Account} */ { username }) => username,
    fill(element, { username, display_name, role }) {
      const isAdmin = role === "admin";
      write(element, { username, display_name, role: isAdmin ? words.say("role_admin") : "" });
      buttonOf(element, "promote").hidden = isAdmin;
      buttonOf(element, "demote").hidden = !isAdmin;
    },
    async act(act, { username }) {
      const path = `/api/users/${encodeURIComponent(username)}`;
      if (act === "remove" && !confirm(words.say("remove_account_question", { name: username }))) return;
      if (act === "demote" && !confirm(words.say("demote_question", { name: username }))) return;
      if (act === "password") return await reset(path, username);
      const answer = act === "remove"
        ? await ask("DELETE", path)
        : await ask("PATCH", path, { role: act === "promote" ? "admin" : "user" });
      if (!succeeded(answer)) return;
      say(act === "remove" ? words.say("account_removed", { name: username }) : "");
      await refresh();
    },
  });
  mountForm(make, {
    words,
    method: "POST",
    path: "/api/users",
    body: ({ username, display_name: displayName, admin }) => {
      made = { username, password: newPassword() };
      return { ...made, display_name: displayName.trim() || undefined, role: admin ? "admin" : "user" };
    },
    done: async () => {
      make.reset();
      say(words.say("account_password", { name: made.username }), made.password);
      await refresh();
    },
  });

  /** @param {string} path @param {string} name */
  async function reset(path, name) {
    if (!confirm(words.say("reset_question", { name }))) return;
    const secret = newPassword();
    if (succeeded(await ask("PATCH", path, { password: secret }))) {
      say(words.say("account_password", { name }), secret);
    }
  }

  async function refresh() {
    const answer = await ask("GET", "/api/users");
    if (succeeded(answer)) rows.show(answer.body.users);
  }

  return { refresh };
}
