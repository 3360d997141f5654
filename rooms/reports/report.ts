/** A report: what was requested, its progress, and its outcome. */

/** The types of reports: all messages as a table, or statistics about them. */
export type ReportType = "transcript" | "activity";

/** What was requested. */
export interface Order {
  readonly type: ReportType;
  readonly room: string;
  /** Only messages from this time on, in milliseconds since the epoch; `undefined`: from the first. */
  readonly from: number | undefined;
  /** Only messages before this time. */
  readonly to: number;
  /** The language of the words in the files, as a BCP 47 tag. */
  readonly language: string;
}

/** The state of a report, or why it failed; each is a key of `report` in the languages' words. */
export type Outcome =
  | "waiting"
  | "running"
  | "completed"
  | "cancelled"
  /** The room has no messages at that time. */
  | "no_messages"
  /** There are more messages than a sheet has rows, or a file would exceed its limit. */
  | "too_large"
  /** Its owner may not enter the room any more. */
  | "no_access"
  /** It failed several times; the service's log has the reason. */
  | "broken";

/** A file, finished or not. */
export interface ReportFile {
  /** The number of pieces that it is stored in. */
  readonly pieces: number;
  readonly bytes: number;
}

/** A report as it is stored. */
export interface Report extends Order {
  /** A ULID: 26 characters, sortable by the time of the request. */
  readonly id: string;
  /** The id of the account that requested it. */
  readonly owner: string;
  readonly outcome: Outcome;
  /** Percent. */
  readonly progress: number;
  /** Messages read so far. */
  readonly messages: number;
  /** By format, which is part of the file's URL: `xlsx`, `csv`. */
  readonly files: Readonly<Record<string, ReportFile>>;
  /** Failed slices since the last one that succeeded. */
  readonly failures: number;
  /** Grows with every change. */
  readonly revision: number;
  /** When it was requested, in milliseconds since the epoch. */
  readonly askedAt: number;
  /** When it last changed, in milliseconds since the epoch. */
  readonly changedAt: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** A report and its files are deleted a week after the request. */
export const REPORT_LIFE_MS = 7 * DAY_MS;

/** When a report and its files are deleted, in milliseconds since the epoch. */
export function endOf({ askedAt }: Report): number {
  return askedAt + REPORT_LIFE_MS;
}

/** Whether a report still has to be worked on. */
export function isUnfinished({ outcome }: Report): boolean {
  return outcome === "waiting" || outcome === "running";
}

/** A change of a report. */
export type ReportChange = Partial<
  Pick<Report, "outcome" | "progress" | "messages" | "files" | "failures">
>;

/** The report after a change; `now` in milliseconds since the epoch. */
export function changed(report: Report, change: ReportChange, now: number): Report {
  return { ...report, ...change, revision: report.revision + 1, changedAt: now };
}
