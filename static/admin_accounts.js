import { ask } from "./api.js";
import { buttonOf, RowList, write } from "./row_list.js";

/** @import { Answer } from "./api.js" */
/** @import { Words } from "./words.js" */
/** @typedef {{ username: string, display_name: string, role: string }} Account */

/**
 * All accounts, with their roles.
 * @param {HTMLElement} list
 * @param {{ words: Words, told: (answer: Answer) => boolean }} parts
 * @returns {{ refresh: () => Promise<void> }}
 */
export function mountAccounts(list, { words, told }) {
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
      const answer = act === "remove"
        ? await ask("DELETE", path)
        : await ask("PATCH", path, { role: act === "promote" ? "admin" : "user" });
      if (told(answer)) await refresh();
    },
  });

  async function refresh() {
    const answer = await ask("GET", "/api/users");
    if (told(answer)) rows.show(answer.body.users);
  }

  return { refresh };
}
