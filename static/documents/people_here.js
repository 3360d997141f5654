import { copyOf } from "../shared/parts.js";
import { paintAvatar } from "../shared/person.js";

/** @import { Awareness } from "y-protocols/awareness" */
/** @import { Words } from "../shared/words.js" */

/** The most avatars shown. */
const MAX_SHOWN = 6;

/**
 * Shows who has the document open.
 * @param {HTMLElement} list
 * @param {{ awareness: Awareness, words: Words }} parts
 * @returns {void}
 */
export function mountPeopleHere(list, { awareness, words }) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=person]"));
  const show = () => {
    const names = [
      ...new Set([...awareness.getStates().values()].map(({ user }) => String(user?.name ?? ""))),
    ]
      .filter(Boolean).sort();
    const rows = names.slice(0, MAX_SHOWN).map((name) => {
      const row = copyOf(template);
      const avatar = /** @type {HTMLElement} */ (row.querySelector(".avatar"));
      paintAvatar(avatar, name);
      avatar.ariaLabel = avatar.title = name;
      return row;
    });
    list.replaceChildren(...rows);
    list.title = names.length > MAX_SHOWN ? words.say("here", { count: names.length }) : "";
  };
  awareness.on("change", show);
  show();
}
