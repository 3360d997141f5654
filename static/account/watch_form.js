import { fieldOf, part } from "../shared/parts.js";
import { loadForm, mountForm } from "../shared/form.js";
import { chooseSound, chosenSound } from "../notifications/sound.js";

/** @import { Words } from "../shared/words.js" */

const PATH = "/api/me/settings";

/**
 * Shows and changes what the account is notified of, and when not; the sound is this browser's own.
 * @param {HTMLFormElement} form
 * @param {{ words: Words }} parts
 * @returns {Promise<void>}
 */
export async function mountWatchForm(form, { words }) {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (fieldOf(form, name));
  const showQuiet = () => {
    for (const name of ["from", "to"]) field(name).disabled = !field("is_quiet").checked;
  };
  field("is_quiet").addEventListener("change", showQuiet);
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  mountForm(form, {
    words,
    method: "PATCH",
    path: PATH,
    body: ({ level, previews, is_quiet: isQuiet, from, to, sound }) => {
      chooseSound(sound);
      return {
        level,
        previews: Boolean(previews),
        quiet: isQuiet ? { from, to, time_zone: timeZone } : null,
      };
    },
    done: () => (part("done", form).textContent = words.say("saved")),
  });
  await loadForm(form, {
    words,
    path: PATH,
    show: ({ level, quiet, previews }) => {
      field("level").value = level;
      field("previews").checked = previews;
      field("is_quiet").checked = quiet !== null;
      for (const name of quiet ? ["from", "to"] : []) field(name).value = quiet[name];
      field("sound").value = chosenSound();
      showQuiet();
    },
  });
}
