import { ask } from "../shared/api.js";
import { problemSentence } from "./sheet_problem.js";

/** @import { Answer } from "../shared/api.js" */
/** @import { SheetProblem } from "./sheet_problem.js" */
/** @import { Words } from "../shared/words.js" */

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
    /** @type {{ problem?: SheetProblem }} */
    const { problem } = answer.body;
    const sentence = problem ? problemSentence(words, problem) : words.say("check_fine");
    result.textContent = succeeded(answer) ? sentence : "";
  });
}
