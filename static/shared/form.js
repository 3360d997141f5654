import { ask } from "./api.js";
import { refusal } from "./refusal.js";

/** @import { Answer } from "./api.js" */
/** @import { Words } from "./words.js" */

/**
 * Sends a form's fields to the service. The sentence for a refusal is shown below them, and they keep what was typed. Pages
 * render the button disabled: submitting before this module runs would reload the page.
 * @param {HTMLFormElement} form
 * @param {object} parts
 * @param {Words} parts.words
 * @param {string} parts.method
 * @param {string} parts.path
 * @param {(fields: Record<string, string>) => object} parts.body
 * @param {(answer: any) => unknown} parts.done
 * @param {(words: Words, answer: Answer) => string} [parts.sentence] the one for a refusal
 * @returns {void}
 */
export function mountForm(form, { words, method, path, body, done, sentence = refusal }) {
  const error = /** @type {HTMLElement} */ (form.querySelector("[data-part=error]"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = "";
    button.disabled = true;
    const fields = Object.fromEntries(
      Array.from(new FormData(form), ([name, value]) => [name, String(value)]),
    );
    const answer = await ask(method, path, body(fields));
    button.disabled = false;
    if (answer.ok) return void done(answer.body);
    error.textContent = sentence(words, answer);
  });
  button.disabled = false;
}

/**
 * Loads what the form's fields show. Pages render them in a disabled `<fieldset>`, and they and the button stay disabled until
 * then: loading would overwrite what was typed, and saving what couldn't be loaded would overwrite what is stored.
 * @param {HTMLFormElement} form
 * @param {object} parts
 * @param {Words} parts.words
 * @param {string} parts.path
 * @param {(answer: any) => void} parts.show fills the fields
 * @returns {Promise<void>}
 */
export async function loadForm(form, { words, path, show }) {
  const fields = /** @type {HTMLFieldSetElement} */ (form.querySelector("fieldset"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  const error = /** @type {HTMLElement} */ (form.querySelector("[data-part=error]"));
  fields.disabled = button.disabled = true;
  const answer = await ask("GET", path);
  error.textContent = answer.ok ? "" : refusal(words, answer);
  if (!answer.ok) return;
  show(answer.body);
  fields.disabled = button.disabled = false;
}

/** The names that a person has typed, one a line or separated by commas of any script. @param {string} text @returns {string[]} */
export function namesIn(text) {
  return text.split(/[\n,，、]/).map((name) => name.trim()).filter(Boolean);
}
