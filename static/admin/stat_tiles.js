import { ratesOf } from "./rates.js";
import { problemSentence } from "./sheet_problem.js";

/** @import { Stats } from "../../rooms/stats/dashboard.ts" */
/** @import { Words } from "../shared/words.js" */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * The tiles, the line about the sheet, and the table of isolates.
 * @param {Words} words
 * @returns {{ show: (stats: Stats) => void }}
 */
export function mountFigures(words) {
  const number = new Intl.NumberFormat(words.language, { maximumFractionDigits: 1 });
  const tiles = /** @type {HTMLElement} */ (document.querySelector("[data-part=tiles]"));
  const log = /** @type {HTMLElement} */ (document.querySelector("[data-part=log]"));
  const isolates = /** @type {HTMLElement} */ (document.querySelector("[data-part=isolates]"));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=isolate]"));

  /** The rows that each isolate had written at the last update. @type {Map<string, { timestamp: string, count: number }>} */
  let before = new Map();

  /** Rows per minute since the last update, in the order of the isolates. @param {Stats} stats @returns {(number | null)[]} */
  function rowRates({ timestamp, isolates }) {
    const now = new Map(isolates.map(({ id, rows }) => [id, { timestamp, count: rows }]));
    const rates = isolates.map(({ id, rows }) => {
      const last = before.get(id);
      return last ? ratesOf([last, { timestamp, count: rows }])[1] : null;
    });
    before = now;
    return rates;
  }

  /** @param {string} name @param {unknown} value @returns {string} */
  function written(name, value) {
    if (name === "uptime_seconds") return duration(Number(value));
    if (name === "log_oldest_pending_seconds") {
      return words.say("seconds", { seconds: number.format(Number(value)) });
    }
    if (value === null) return "–";
    return typeof value === "number" ? number.format(value) : String(value);
  }

  /** @param {number} seconds @returns {string} */
  function duration(seconds) {
    if (seconds < MINUTE) return words.say("seconds", { seconds });
    if (seconds < HOUR) return words.say("minutes", { minutes: Math.floor(seconds / MINUTE) });
    if (seconds < 2 * DAY) return words.say("hours", { hours: Math.floor(seconds / HOUR) });
    return words.say("days", { days: Math.floor(seconds / DAY) });
  }

  /** @param {ParentNode} place @param {Record<string, any>} figures */
  function fill(place, figures) {
    for (const element of place.querySelectorAll("[data-figure]")) {
      const name = /** @type {HTMLElement} */ (element).dataset.figure ?? "";
      const text = written(name, figures[name]);
      if (element.textContent !== text) element.textContent = text;
    }
  }

  return {
    show(stats) {
      fill(tiles, stats);
      for (const name of ["log_dead", "errors"]) {
        const tile = tiles.querySelector(`[data-figure=${name}]`)?.parentElement;
        tile?.toggleAttribute("data-alarm", Number(/** @type {any} */ (stats)[name]) > 0);
      }
      log.textContent = stats.log_last_error === null
        ? ""
        : words.say(stats.log_state === "paused" ? "log_paused" : "log_retrying", {
          reason: stats.log_problem
            ? problemSentence(words, { ...stats.log_problem, message: stats.log_last_error })
            : stats.log_last_error,
        });
      const rates = rowRates(stats);
      while (isolates.children.length > stats.isolates.length) isolates.lastElementChild?.remove();
      for (const [i, isolate] of stats.isolates.entries()) {
        if (!isolates.children[i]) isolates.append(template.content.cloneNode(true));
        fill(isolates.children[i], { ...isolate, rows: rates[i] });
      }
    },
  };
}
