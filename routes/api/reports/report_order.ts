/** Orders of reports, decoded. */
import * as v from "valibot";
import type { Order } from "../../../rooms/reports/report.ts";
import { requestBody } from "../request_body.ts";
import { HttpError } from "../../errors.ts";
import { roomNameIn } from "../../path_params.ts";

export const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T[\d:.]{5,12}(Z|[+-]\d{2}:?\d{2})$/;
const DAY_MS = 24 * 60 * 60 * 1000;

const when = (field: string) =>
  v.nullish(
    v.pipe(
      v.string(`"${field}" must be a date or a time`),
      v.maxLength(40),
      v.check(
        // Dates before 1970 and years of other than four digits are refused.
        (text) => text === "" || ((DAY.test(text) || TIME.test(text)) && Date.parse(text) >= DAY_MS),
        `"${field}" must be a date such as 2026-03-01, or a time such as 2026-03-01T09:00:00Z`,
      ),
    ),
  );

const Body = v.object({
  type: v.picklist(["transcript", "activity"], '"type" must be transcript or activity'),
  room: v.string('"room" must be the name of a room'),
  from: when("from"),
  to: when("to"),
  language: v.nullish(v.picklist(["zh-Hant", "en"], '"language" must be zh-Hant or en')),
});

/**
 * The order in a request's JSON. Dates are days of the service's time zone, the day of `to` included; `now` is in ms since the
 * epoch.
 *
 * @throws {HttpError} 400 when it isn't an order.
 */
export function orderIn(
  body: unknown,
  { timeZone, language, now }: { timeZone: string; language: string; now: number },
): Order {
  const asked = requestBody(Body, body);
  const from = asked.from ? timeOf(asked.from, timeZone) : undefined;
  const end = asked.to ? endOf(asked.to, timeZone, now) : now;
  if (from !== undefined && from >= end) {
    throw new HttpError(400, "invalid_period", '"from" must be before "to"');
  }
  if (from !== undefined && from > now) {
    throw new HttpError(400, "invalid_period", '"from" lies in the future');
  }
  return {
    type: asked.type,
    room: roomNameIn(asked.room),
    from,
    to: Math.min(end, now),
    language: asked.language ?? language,
  };
}

function endOf(text: string, timeZone: string, now: number): number {
  // Also because the year 9999 has no day after its last.
  if (Date.parse(text) > now) return now;
  return timeOf(DAY.test(text) ? nextDay(text) : text, timeZone);
}

function timeOf(text: string, timeZone: string): number {
  return DAY.test(text) ? startOfDay(text, timeZone) : Date.parse(text);
}

function nextDay(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}

/** When a day begins in a time zone, in ms since the epoch. */
export function startOfDay(day: string, timeZone: string): number {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  const offsetAt = (at: number): number => Date.parse(`${format.format(at).replace(" ", "T")}Z`) - at;
  const utc = Date.parse(day);
  // Computed twice, because the first offset may be that of the day before a change of daylight saving time.
  return utc - offsetAt(utc - offsetAt(utc));
}
