import { ask } from "./api.js";

/** @import { Words } from "./words.js" */
/** @import { Answer } from "./api.js" */

/** The server's codes for refusals that forms cause, each the key of its sentence. */
export const REFUSALS = new Set([
  "wrong_password",
  "wrong_own_password",
  "last_admin",
  "username_taken",
  "invalid_username",
  "invalid_password",
  "rate_limited",
  "too_many_signups",
  "busy",
  "not_signed_in",
  "not_allowed",
  "invalid_request",
  "unknown_account",
  "too_many_documents",
  "invalid_room",
  "invalid_period",
  "too_many_reports",
  "offline",
]);

/**
 * The sentence for a refusal by the server.
 * @param {Words} words
 * @param {Answer} answer
 * @returns {string}
 */
export function refusal(words, { code, retryAfterMs, body }) {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const names = Array.isArray(body.names) ? body.names.join(", ") : "";
  return words.say(REFUSALS.has(code) ? code : "failed", { seconds, names });
}

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
 * @returns {void}
 */
export function mountForm(form, { words, method, path, body, done }) {
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
    error.textContent = refusal(words, answer);
  });
  button.disabled = false;
}

/** The names that a person has typed, one a line or separated by commas of any script. @param {string} text @returns {string[]} */
export function namesIn(text) {
  return text.split(/[\n,，、]/).map((name) => name.trim()).filter(Boolean);
}
