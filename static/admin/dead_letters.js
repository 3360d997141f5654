import { ask } from "../shared/api.js";
import { dateAndTimeFormat, timeOfId } from "../shared/dates.js";
import { buttonOf, RowList, write } from "../shared/row_list.js";
import { problemSentence } from "./sheet_problem.js";

/** @import { Answer } from "../shared/api.js" */
/** @import { SheetProblem } from "./sheet_problem.js" */
/** @import { Words } from "../shared/words.js" */
/** @typedef {{ id: string, room: string, username: string, message: string, time: string, cause: string, problem?: Omit<SheetProblem, "message">, is_retried: boolean }} DeadLetter */

/** After a retry the list is polled at this interval, and this many times. */
const POLL_EVERY_MS = 1_000;
const POLLS = 30;

/**
 * Messages that the sheet refused, with the cause; each can be retried.
 * @param {HTMLElement} list
 * @param {{ words: Words, succeeded: (answer: Answer) => boolean, empty: HTMLElement, all: HTMLElement }} parts
 * @returns {{ update: (count: number) => void }} `update` takes their present number, and loads them when it has changed
 */
export function mountDeadLetters(list, { words, succeeded, empty, all }) {
  const format = dateAndTimeFormat(words.language);
  let shown = 0;
  let polls = 0;
  /** @type {number | undefined} */
  let timer;
  const rows = new RowList(list, {
    template: "dead",
    keyOf: (/** @type {DeadLetter} */ { id }) => id,
    empty,
    fill(element, { id, room, username, message, cause, problem, is_retried: isRetried }) {
      const time = format.format(timeOfId(id));
      const why = problem ? problemSentence(words, { ...problem, message: cause }) : cause;
      write(element, { room, username, message, time, cause: why });
      const button = buttonOf(element, "retry");
      button.dataset.label ??= button.textContent ?? "";
      button.textContent = isRetried ? words.say("retrying") : button.dataset.label;
    },
    act: (_, { id }) => retry({ id }),
  });
  all.addEventListener("click", () => retry({}));

  /** @param {{ id?: string }} which */
  async function retry(which) {
    if (!succeeded(await ask("POST", "/api/log/retry", which))) return;
    polls = POLLS;
    await load();
  }

  async function load() {
    clearTimeout(timer);
    const { ok, body } = await ask("GET", "/api/log/dead");
    if (!ok) return;
    shown = body.dead.length;
    rows.show(body.dead);
    all.hidden = shown < 2;
    if (shown && polls-- > 0) timer = setTimeout(load, POLL_EVERY_MS);
  }

  return { update: (count) => void (count !== shown && load()) };
}
