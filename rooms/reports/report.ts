/** A report: what somebody asked for, how far it is, and what came of it. */

export type ReportType = "transcript" | "activity";

/** What is asked for. */
export interface Order {
  readonly type: ReportType;
  readonly room: string;
  /** Only messages from this time on, in milliseconds since the epoch; `undefined`: from the first. */
  readonly from: number | undefined;
  /** Only messages before this time. */
  readonly to: number;
  /** Of the words in the files, as a BCP 47 tag. */
  readonly language: string;
}

/** What a report came to, or why it came to nothing; each is a key of the words below `report`. */
export type Outcome =
  | "waiting"
  | "running"
  | "completed"
  | "cancelled"
  /** Nobody said anything in that room at that time. */
  | "no_messages"
  /** There are more messages than a sheet has rows, or more text than a file shall hold. */
  | "too_large"
  /** Whoever asked for it may not enter the room any more. */
  | "no_access"
  /** It failed again and again, for a reason that the service's own log tells. */
  | "broken";

/** A file that is done, or as far as it is. */
export interface ReportFile {
  /** In this many pieces. */
  readonly pieces: number;
  readonly bytes: number;
}

export interface Report extends Order {
  /** A ULID: 26 characters, sortable by when it was asked for. */
  readonly id: string;
  /** The id of the account that asked for it. */
  readonly owner: string;
  readonly outcome: Outcome;
  /** Percent. */
  readonly progress: number;
  /** Messages that were read so far. */
  readonly messages: number;
  /** By the format that the address names: `xlsx`, `csv`. */
  readonly files: Readonly<Record<string, ReportFile>>;
  /** Slices that failed one after the other. */
  readonly failures: number;
  /** Grows with every change. */
  readonly revision: number;
  /** In milliseconds since the epoch. */
  readonly askedAt: number;
  readonly changedAt: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** A report and its files are kept for a week. */
export const REPORT_LIFE_MS = 7 * DAY_MS;

/** When a report and its files are deleted. */
export function endOf({ askedAt }: Report): number {
  return askedAt + REPORT_LIFE_MS;
}

/** Whether there is something to do about it. */
export function isUnfinished({ outcome }: Report): boolean {
  return outcome === "waiting" || outcome === "running";
}

/** A change of a report. */
export type ReportChange = Partial<
  Pick<Report, "outcome" | "progress" | "messages" | "files" | "failures">
>;

/** The report as it is after a change. */
export function changed(report: Report, change: ReportChange, now: number): Report {
  return { ...report, ...change, revision: report.revision + 1, changedAt: now };
}
