import { ratesOf } from "./rates.js";

/** @import { Point, Stats } from "../../rooms/stats/dashboard.ts" */
/** @import { Words } from "../shared/words.js" */

/** Points shown, one every 5 s: the quarter of an hour that the service remembers, and another one. */
const POINTS = 360;
/** Made by `deno task bundle`; loaded with the first point. */
const LIBRARY = "../built/charts.js";

/**
 * Charts of the last half hour: of the whole service, or of the chosen isolate.
 */
export class BoardCharts {
  #element;
  #scope;
  #trouble;
  #words;
  /** @type {Point[]} */
  #points = [];
  /** @type {Map<string, import("uplot")>} by the name of the figure */
  #plots = new Map();
  /** @type {Promise<void> | undefined} */
  #loading;

  /**
   * @param {HTMLElement} element
   * @param {{ scope: HTMLSelectElement, trouble: HTMLElement, words: Words }} parts
   */
  constructor(element, { scope, trouble, words }) {
    this.#element = element;
    this.#scope = scope;
    this.#trouble = trouble;
    this.#words = words;
    scope.addEventListener("change", () => this.#draw());
    new ResizeObserver(() => this.#resize()).observe(element);
    new MutationObserver(() => this.#recolour()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour());
  }

  /** Starts again with the points that the service remembers. @param {Point[]} history @returns {void} */
  begin(history) {
    this.#points = history;
  }

  /** @param {Stats} stats @returns {void} */
  add(stats) {
    this.#points = [...this.#points, stats].slice(-POINTS);
    this.#offer(stats.isolates.map(({ name }) => name));
    this.#loading ??= this.#load();
    this.#loading.then(() => this.#draw());
  }

  async #load() {
    try {
      const { Plot } = await import(LIBRARY);
      for (const box of this.#boxes()) {
        const name = box.dataset.chart ?? "";
        this.#plots.set(name, new Plot(this.#options(box), this.#data(name), box));
      }
    } catch {
      this.#trouble.textContent = this.#words.say("no_charts");
    }
  }

  /** Lists the isolates to choose from. @param {string[]} names */
  #offer(names) {
    const [whole, ...options] = this.#scope.options;
    if (options.map(({ value }) => value).join() === names.join()) return;
    const chosen = this.#scope.value;
    this.#scope.replaceChildren(whole, ...names.map((name) => new Option(name)));
    this.#scope.value = names.includes(chosen) ? chosen : "";
  }

  #draw() {
    this.#element.dataset.scope = this.#scope.value ? "one" : "whole";
    for (const [name, plot] of this.#plots) plot.setData(this.#data(name));
    this.#element.dataset.points = String(this.#points.length);
    this.#describe();
  }

  /** Describes each chart for screen readers. */
  #describe() {
    const number = new Intl.NumberFormat(this.#words.language, { maximumFractionDigits: 1 });
    for (const box of this.#boxes()) {
      const [, values] = this.#data(box.dataset.chart ?? "");
      const known = values.filter((value) => value !== null);
      const label = box.previousElementSibling?.textContent ?? "";
      const span = { least: number.format(Math.min(...known)), most: number.format(Math.max(...known)) };
      box.setAttribute("role", "img");
      box.setAttribute(
        "aria-label",
        known.length
          ? this.#words.say("chart", { label, now: number.format(known[known.length - 1]), ...span })
          : label,
      );
    }
  }

  /** @param {string} name @returns {[number[], (number | null)[]]} */
  #data(name) {
    const chosen = this.#scope.value;
    const times = this.#points.map(({ timestamp }) => Date.parse(timestamp) / 1000);
    const key = name === "rows" && !chosen ? "log_rows_today" : name;
    /** @type {(number | null)[]} */
    const values = this.#points.map((point) => {
      const figures = chosen ? point.isolates.find(({ name }) => name === chosen) : point;
      return /** @type {Record<string, any> | undefined} */ (figures)?.[key] ?? null;
    });
    if (name !== "rows") return [times, values];
    return [times, ratesOf(this.#points.map(({ timestamp }, i) => ({ timestamp, count: values[i] })))];
  }

  /** @param {HTMLElement} box @returns {import("uplot").Options} */
  #options(box) {
    const time = new Intl.DateTimeFormat(this.#words.language, {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    const number = new Intl.NumberFormat(this.#words.language, {
      maximumFractionDigits: 1,
      notation: "compact",
    });
    const axis = {
      stroke: () => colour("--quiet"),
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { stroke: () => colour("--line"), width: 1 },
      font: "12px sans-serif",
    };
    return {
      ...sizeOf(box),
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_, least, most) => [Math.min(0, least ?? 0), Math.max(1, (most ?? 0) * 1.1)] } },
      axes: [
        { ...axis, space: 70, values: (_, splits) => splits.map((seconds) => time.format(seconds * 1000)) },
        { ...axis, size: 48, space: 28, values: (_, splits) => splits.map((value) => number.format(value)) },
      ],
      series: [{}, { stroke: () => colour("--accent-text"), width: 2, points: { show: false } }],
    };
  }

  #resize() {
    for (const box of this.#boxes()) {
      if (box.clientWidth) this.#plots.get(box.dataset.chart ?? "")?.setSize(sizeOf(box));
    }
  }

  #recolour() {
    for (const plot of this.#plots.values()) plot.redraw(false, true);
  }

  /** @returns {NodeListOf<HTMLElement>} */
  #boxes() {
    return this.#element.querySelectorAll("[data-chart]");
  }
}

/** @param {HTMLElement} box @returns {{ width: number, height: number }} */
function sizeOf({ clientWidth, clientHeight }) {
  return { width: Math.max(clientWidth, 100), height: Math.max(clientHeight, 100) };
}

/** The computed value of a colour of `colors.css`: canvases don't understand `light-dark()`. @param {string} name */
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
