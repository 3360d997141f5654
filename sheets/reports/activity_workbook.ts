/** The activity of a room as a workbook: one sheet with a chart for each kind of count. */
import type { SheetChart, WriteSheet } from "hucre/xlsx";
import type { Activity } from "../../rooms/reports/activity.ts";
import type { Order } from "../../rooms/reports/report.ts";
import { workbookWords } from "./workbook_words.ts";

type Cell = string | number | Date;
type PageSetup = NonNullable<WriteSheet["pageSetup"]>;

/** People in the chart: more would make it unreadable. */
const CHARTED_PEOPLE = 20;
const COLOR = "2563EB";
/** A printed sheet is one page wide and has its header on every page. */
const PAGE: PageSetup = {
  paperSize: "a4",
  orientation: "landscape",
  fitToPage: true,
  fitToWidth: 1,
  fitToHeight: 0,
  printTitlesRow: "$1:$1",
};
const SUMMARY_PAGE: PageSetup = { ...PAGE, printTitlesRow: undefined };
const TIME_FORMAT = "yyyy-mm-dd hh:mm:ss";
/** Characters that XML 1.0 can't contain (https://www.w3.org/TR/xml/#charsets). */
// deno-lint-ignore no-control-regex -- these are meant
const UNWRITABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

/** Writes the workbook; `timeZone`, an IANA name, is the one in which days and hours were counted. */
export async function activityWorkbook(
  activity: Activity,
  { room, from, to, language }: Order,
  timeZone: string,
): Promise<Uint8Array<ArrayBuffer>> {
  // Loaded on first use, because it takes 50 ms and 9 MB.
  const { writeXlsx } = await import("hucre/xlsx");
  const { messages, days, hours, people, others, silences, responses, unanswered, medianResponse } = activity;
  const words = workbookWords(language);
  const time = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  const busiest = days.reduce((most, day) => day[1] > most[1] ? day : most, ["", 0] as const);
  const answered = responses.reduce((sum, count) => sum + count, 0);
  const unit = unitFor(silences[0]?.seconds ?? 0);
  const bounds = [...words.within, words.later, words.unanswered];
  const summary: Cell[][] = [
    [words.room, room],
    [words.from, from === undefined ? words.beginning : time.format(from)],
    [words.to, time.format(to)],
    [words.time_zone, timeZone],
    [words.messages, messages],
    [words.people, others ? `> ${people.length}` : people.length],
    [words.busiest_day, busiest[0]],
    [words.busiest_hour, `${two(hours.indexOf(Math.max(...hours)))}:00`],
    [words.longest_silence[unit], inUnit(silences[0]?.seconds ?? 0, unit)],
    [words.conversations, answered + unanswered],
    [words.median_response_minutes, medianResponse === undefined ? words.none : minutesOf(medianResponse)],
    [words.response_rule, ""],
  ];
  const perDay = sheet(words.per_day, [words.day, words.messages], days.map(([day, count]) => [day, count]));
  const perHour = sheet(
    words.per_hour,
    [words.hour, words.messages],
    hours.map((count, hour) => [`${two(hour)}:00`, count]),
  );
  const listed = others ? [...people, { name: words.others, messages: others, answers: "" }] : people;
  const perPerson = sheet(
    words.per_person,
    [words.person, words.messages, words.share, words.first_responses],
    listed.map(({ name, messages: count, answers }) => [name, count, share(count, messages), answers]),
  );
  const silent = sheet(
    words.silences,
    [words.silence_from, words.silence_to, words.silence_length[unit], words.broken_by],
    silences.map((
      { from, to, seconds, brokenBy },
    ) => [dateOf(from), dateOf(to), inUnit(seconds, unit), brokenBy]),
  );
  const answers = sheet(
    words.first_responses,
    [words.response_time, words.conversations],
    [...responses, unanswered].map((count, i) => [bounds[i], count]),
  );
  for (const { rows = [] } of [perPerson, silent]) for (const row of rows) makeWritable(row);
  const bytes = await writeXlsx({
    sheets: [
      {
        name: words.summary,
        rows: summary,
        columns: [{ width: 30 }, { width: 30 }],
        pageSetup: SUMMARY_PAGE,
      },
      { ...perDay, charts: [chart("line", words.per_day, days.length, perDay)] },
      { ...perHour, charts: [chart("column", words.per_hour, hours.length, perHour)] },
      {
        ...perPerson,
        charts: [chart("bar", words.per_person, Math.min(people.length, CHARTED_PEOPLE), perPerson)],
      },
      {
        ...silent,
        charts: silences.length ? [chart("column", words.silences, silences.length, silent, "C")] : [],
      },
      { ...answers, charts: [chart("column", words.first_responses, bounds.length, answers)] },
    ],
  });
  return Uint8Array.from(bytes);
}

/** A sheet with a header row. */
function sheet(name: string, header: readonly string[], rows: readonly Cell[][]): WriteSheet {
  return {
    name,
    rows: [[...header], ...rows],
    // A number format only for columns of times.
    columns: header.map((_, i) => ({
      width: 22,
      ...rows[0]?.[i] instanceof Date ? { numFmt: TIME_FORMAT } : {},
    })),
    freezePane: { rows: 1 },
    pageSetup: PAGE,
  };
}

/** A chart of the first `count` values of a column, beside the rows. */
function chart(
  type: SheetChart["type"],
  title: string,
  count: number,
  { rows = [] }: WriteSheet,
  column = "B",
): SheetChart {
  const name = String(rows[0]?.[column.charCodeAt(0) - "A".charCodeAt(0)]);
  return {
    type,
    title,
    series: [{
      name,
      values: `${column}2:${column}${count + 1}`,
      categories: `A2:A${count + 1}`,
      color: COLOR,
    }],
    legend: false,
    axes: type === "bar" ? { x: { reverse: true } } : {},
    anchor: { from: { row: 1, col: 5 }, to: { row: 24, col: 17 } },
  };
}

/** Replaces unwritable characters, which names of earlier versions of the service may contain: such a file can't be read. */
function makeWritable(row: unknown[]): void {
  for (const [i, cell] of row.entries()) {
    if (typeof cell === "string") row[i] = cell.toWellFormed().replace(UNWRITABLE, "\ufffd");
  }
}

/** The date of `YYYY-MM-DD HH:MM:SS`; other texts unchanged. */
function dateOf(time: string): Date | string {
  const date = new Date(`${time.replace(" ", "T")}Z`);
  return Number.isNaN(date.getTime()) ? time : date;
}

/** Percent, to one decimal place. */
function share(part: number, whole: number): number {
  return Math.round(1_000 * part / whole) / 10;
}

type Unit = keyof typeof SECONDS_OF;
const SECONDS_OF = { seconds: 1, minutes: 60, hours: 3_600 } as const;

/** The unit for a column of times whose longest is `longest`, in seconds. */
function unitFor(longest: number): Unit {
  if (longest < 2 * SECONDS_OF.minutes) return "seconds";
  return longest < 2 * SECONDS_OF.hours ? "minutes" : "hours";
}

function inUnit(seconds: number, unit: Unit): number {
  return Math.round(seconds * 100 / SECONDS_OF[unit]) / 100;
}

function minutesOf(seconds: number): number {
  return Math.round(seconds / 6) / 10;
}

function two(count: number): string {
  return String(count).padStart(2, "0");
}
