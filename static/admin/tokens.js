import { ask } from "../shared/api.js";
import { RowList, write } from "../shared/row_list.js";

/** @import { Answer } from "../shared/api.js" */
/** @import { Words } from "../shared/words.js" */
/** @typedef {{ id: string, name: string, owner: string, username?: string, role: string, used_at: string, ends_at: string }} Token */

/**
 * The tokens of all accounts, the most recently used first.
 * @param {HTMLElement} list
 * @param {{ words: Words, succeeded: (answer: Answer) => boolean, empty: HTMLElement }} parts
 * @returns {{ refresh: () => Promise<void> }}
 */
export function mountTokens(list, { words, succeeded, empty }) {
  const day = new Intl.DateTimeFormat(words.language, { dateStyle: "medium" });
  const rows = new RowList(list, {
    template: "token",
    keyOf: (/** @type {Token} */ { owner, id }) => `${owner}/${id}`,
    empty,
    fill(element, { name, username, role, used_at, ends_at }) {
      const owner = role === "service" ? words.say("of_service", { name: username ?? "" }) : username ?? "";
      const dates = { used: day.format(new Date(used_at)), ends: day.format(new Date(ends_at)) };
      write(element, { name, owner, used: words.say("used", dates) });
    },
    async act(_, { owner, id, name }) {
      if (!confirm(words.say("revoke_question", { name }))) return;
      const path = `/api/admin/tokens/${encodeURIComponent(owner)}/${encodeURIComponent(id)}`;
      if (succeeded(await ask("DELETE", path))) await refresh();
    },
  });

  async function refresh() {
    const answer = await ask("GET", "/api/admin/tokens");
    if (succeeded(answer)) rows.show(answer.body.tokens);
  }

  return { refresh };
}
