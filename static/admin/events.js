import { ask } from "../shared/api.js";
import { dateAndTimeFormat } from "../shared/dates.js";
import { RowList, write } from "../shared/row_list.js";
import { problemSentence } from "./sheet_problem.js";

/** @import { SheetProblem } from "./sheet_problem.js" */
/** @import { Words } from "../shared/words.js" */
/** @typedef {{ id: string, timestamp: string, event: { type: string, level?: string, code?: string, message?: string, values?: Record<string, number>, problem?: SheetProblem } }} PastEvent */

/** Updates within this time are loaded by one request. */
const GATHER_MS = 200;
/** Keys of the names of alerts, by their codes. */
const ALERT_NAMES = new Map([
  ["log_paused", "alert_log_paused"],
  ["log_retrying", "alert_log_retrying"],
  ["log_recovered", "alert_log_recovered"],
  ["outbox_full", "alert_outbox_full"],
  ["outbox_growing", "alert_outbox_growing"],
  ["rows_missing", "alert_rows_missing"],
  ["rows_far_below", "alert_rows_far_below"],
  ["rows_differ", "alert_rows_differ"],
  ["sheet_full", "alert_sheet_full"],
  ["chores_failed", "alert_chores_failed"],
  ["lease_lost", "alert_lease_lost"],
  ["rate_limiting", "alert_rate_limiting"],
]);

/** Keys of the sentences for alerts that come with values. */
const ALERT_SENTENCES = new Map([
  ["outbox_full", "outbox_full_text"],
  ["outbox_growing", "outbox_growing_text"],
  ["rate_limiting", "rate_limiting_text"],
]);

/**
 * Events and alerts of the last 24 hours.
 * @param {HTMLElement} list
 * @param {{ words: Words, empty: HTMLElement }} parts
 * @returns {{ refresh: () => void }}
 */
export function mountEvents(list, { words, empty }) {
  const time = dateAndTimeFormat(words.language);
  /** @type {number | undefined} */
  let timer;
  const rows = new RowList(list, {
    template: "event",
    keyOf: (/** @type {PastEvent} */ { id }) => id,
    empty,
    fill(element, { timestamp, event }) {
      const { type, level = "", code = "", message = "", values, problem, ...rest } = event;
      const isAlert = type === "alert";
      element.dataset.level = isAlert ? level : "";
      const alert = ALERT_NAMES.get(code);
      write(element, {
        type: isAlert ? words.say(alert ?? "alert") : type,
        time: time.format(new Date(timestamp)),
        text: isAlert
          ? problem ? problemSentence(words, problem) : sentenceOf(code, message, values)
          : [...factsIn("", message ? { message, ...rest } : rest)].join(" · "),
      });
      /** @type {HTMLTimeElement} */ (element.querySelector("time")).dateTime = timestamp;
    },
  });

  /** In the page's language, if the code is known. @type {(code: string, message: string, values?: Record<string, number>) => string} */
  function sentenceOf(code, message, values) {
    const sentence = values && ALERT_SENTENCES.get(code);
    return sentence ? words.say(sentence, values) : message;
  }

  async function load() {
    timer = undefined;
    const { ok, body } = await ask("GET", "/api/events");
    if (ok) rows.show(body.events);
  }

  return { refresh: () => timer ??= setTimeout(load, GATHER_MS) };
}

/**
 * The fields of an event, as `order.total: 1280`.
 * @param {string} name
 * @param {unknown} value
 * @returns {Generator<string>}
 */
function* factsIn(name, value) {
  if (typeof value !== "object" || value === null) return yield `${name}: ${value}`;
  for (const [key, inner] of Object.entries(value)) yield* factsIn(name ? `${name}.${key}` : key, inner);
}
