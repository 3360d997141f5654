/** Quiet hours: the time of day in which nothing rings. */

/** From one time of day to another, `HH:MM`, on the clock of a time zone; over midnight when `to` is earlier. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
  /** An IANA name. */
  readonly time_zone: string;
}

/** Whether a time, in milliseconds since the epoch, lies in quiet hours; the first minute does, the last one doesn't. */
export function isQuiet(quiet: QuietHours | undefined, at: number): boolean {
  if (!quiet) return false;
  const { from, to, time_zone: timeZone } = quiet;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const time = format.format(at);
  return from <= to ? from <= time && time < to : from <= time || time < to;
}
