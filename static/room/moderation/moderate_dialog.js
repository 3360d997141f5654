import { ask } from "../../shared/api.js";
import { part } from "../../shared/parts.js";

/** @import { Words } from "../../shared/words.js" */

/**
 * Lets hosts act on a person: opened from the list of people, it says what each act did, and takes it back.
 * @param {HTMLDialogElement} dialog
 * @param {{ people: HTMLElement, words: Words, path: string, isOwn: (person: string) => boolean }} parts
 * `people`: the list whose rows have the person's id; `path`: the room's in the API
 * @returns {() => void} unmounts
 */
export function mountModerateDialog(dialog, { people, words, path, isOwn }) {
  const listening = new AbortController();
  const { signal } = listening;
  const [done, undo] = [part("moderate-done", dialog), part("moderate-undo", dialog)];
  let person = "";
  let name = "";
  /** @type {(() => Promise<import("../../shared/api.js").Answer>) | undefined} */
  let takeBack;

  /** @param {string} sentence @param {typeof takeBack} [undoing] */
  const say = (sentence, undoing) => {
    done.textContent = sentence;
    takeBack = undoing;
    undo.hidden = !undoing;
  };
  /** @param {HTMLElement} button */
  const act = async ({ dataset }) => {
    const member = `${path}/members/${person}/mute`;
    const ban = `${path}/bans`;
    if (dataset.act === "mute") {
      const minutes = Number(dataset.minutes);
      await carryOut(ask("POST", member, { minutes }), "muted", { minutes }, () => ask("DELETE", member));
    }
    if (dataset.act === "ban") {
      await carryOut(
        ask("POST", ban, { member: person }),
        "was_banned",
        {},
        () => ask("DELETE", `${ban}/${person}`),
      );
    }
    if (dataset.act === "delete" && confirm(words.say("delete_all_sure", { name }))) {
      await carryOut(ask("DELETE", `${path}/messages?person=${person}`), "all_deleted", {});
    }
  };
  /**
   * @param {Promise<import("../../shared/api.js").Answer>} asking
   * @param {string} key
   * @param {Record<string, string | number>} values
   * @param {typeof takeBack} [undoing]
   */
  const carryOut = async (asking, key, values, undoing) => {
    const answer = await asking;
    if (answer.ok) say(words.say(key, { name, ...values }), undoing);
    else say(words.say("refused"));
  };

  people.addEventListener("click", ({ target }) => {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-person]"));
    if (!row || document.body.dataset.mayModerate !== "true" || isOwn(row.dataset.person ?? "")) return;
    person = row.dataset.person ?? "";
    name = part("name", row).textContent ?? "";
    part("moderate-name", dialog).textContent = name;
    say("");
    dialog.showModal();
  }, { signal });
  dialog.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-act]"));
    if (button) void act(button);
  }, { signal });
  undo.addEventListener("click", async () => {
    const answer = await takeBack?.();
    if (answer) say(answer.ok ? words.say("undone") : words.say("refused"));
  }, { signal });
  return () => listening.abort();
}
