import { ask } from "../shared/api.js";

/** @import { Answer } from "../shared/api.js" */
/** @import { Words } from "../shared/words.js" */
/** @typedef {{ done: string[], problem?: { code: string, message: string, values: Record<string, string> } }} SheetCheck */

/** The keys of sentences: those of other problems come in English. */
const PROBLEMS = [
  "check_account_gone",
  "check_api_off",
  "check_busy",
  "check_clock",
  "check_empty_first_row",
  "check_full",
  "check_header",
  "check_key_deleted",
  "check_key_refused",
  "check_metadata_refuses",
  "check_network",
  "check_no_columns",
  "check_no_credentials",
  "check_no_spreadsheet",
  "check_no_tab",
  "check_not_shared",
  "check_office_file",
  "check_policy",
  "check_protected",
  "check_proxy",
  "check_subject",
  "check_token",
];

/**
 * A button that has the service try what writing rows needs.
 * @param {HTMLElement} button
 * @param {{ words: Words, succeeded: (answer: Answer) => boolean, result: HTMLElement }} parts
 * @returns {void}
 */
export function mountSheetCheck(button, { words, succeeded, result }) {
  button.addEventListener("click", async () => {
    result.textContent = words.say("check_running");
    const answer = await ask("POST", "/api/log/check");
    result.textContent = succeeded(answer) ? sentence(answer.body, words) : "";
  });
}

/** @param {SheetCheck} check @param {Words} words @returns {string} */
function sentence({ problem }, words) {
  if (!problem) return words.say("check_fine");
  const { code, message, values } = problem;
  const key = `check_${code}`;
  return PROBLEMS.includes(key) ? words.say(key, { month: "{month}", ...values }) : message;
}
