import { ask } from "./api.js";

/** @import { Words } from "./words.js" */
/** @import { Answer } from "./api.js" */

/** The words for refusals that a form can bring about. */
const REFUSALS = new Map([
  ["wrong_password", "wrong_password"],
  ["wrong_own_password", "wrong_own_password"],
  ["last_admin", "last_admin"],
  ["username_taken", "username_taken"],
  ["invalid_username", "invalid_username"],
  ["invalid_password", "invalid_password"],
  ["rate_limited", "rate_limited"],
  ["too_many_signups", "too_many_signups"],
  ["busy", "busy"],
  ["not_signed_in", "not_signed_in"],
  ["not_allowed", "not_allowed"],
  ["invalid_request", "invalid_request"],
  ["unknown_account", "unknown_account"],
  ["too_many_documents", "too_many_documents"],
  ["invalid_room", "invalid_room"],
  ["invalid_period", "invalid_period"],
  ["too_many_reports", "too_many_reports"],
  ["offline", "offline"],
]);

/**
 * The sentence for a refusal.
 * @param {Words} words
 * @param {Answer} answer
 * @returns {string}
 */
export function refusal(words, { code, retryAfterMs, body }) {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const names = Array.isArray(body.names) ? body.names.join(", ") : "";
  return words.say(REFUSALS.get(code) ?? "failed", { seconds, names });
}

/**
 * A form whose fields go to the service; what it refuses stands below them, and nothing that was written is lost. Pages
 * bring it with its button disabled: sent before this is here, it would load the page anew.
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
