/** Alerts for dashboards about the delivery of rows. */
import type { Alert } from "../../rooms/stats/event_feed.ts";
import type { Trouble } from "./troubles.ts";
import type { Notice } from "../sheet.ts";

const MINUTE_MS = 60_000;

/** The alert for trouble that begins, changes or (`undefined`) is over, and after how many ms it may be repeated. */
export function warningOf(trouble: Trouble | undefined): [alert: Alert, onceInMs: number] {
  if (!trouble) {
    return [{ level: "info", code: "log_recovered", message: "Rows are written to the sheet again" }, 0];
  }
  const { state, reason, code, values = {} } = trouble;
  const why = code === undefined ? {} : { problem: { code, message: reason, values } };
  if (state === "paused") {
    const message = `No rows are written: ${reason}`;
    return [{ level: "critical", code: "log_paused", message, ...why }, MINUTE_MS];
  }
  const message = `Rows are written late: ${reason}`;
  return [{ level: "warning", code: "log_retrying", message, ...why }, 10 * MINUTE_MS];
}

/** The alert for a notice of the sheet, and after how many ms it may be repeated. */
export function alertOf({ code, message }: Notice): [alert: Alert, onceInMs: number] {
  return [{ level: "warning", code, message }, 10 * MINUTE_MS];
}

/** The alert for a lease that another process took though this one had not given it up. */
export function leaseLost(name: string): Alert {
  const work = name === "log" ? "writing rows" : "storing messages";
  return {
    level: "warning",
    code: "lease_lost",
    message: `Another process has taken over ${work}: this one did not answer in time`,
  };
}
