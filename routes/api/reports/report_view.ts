/** Reports as the API and sockets show them. */
import { endOf, type Outcome, type Report } from "../../../rooms/reports/report.ts";
import type { ReportView, TaskStatus, TaskUpdate } from "../../../rooms/reports/task_update.ts";
import type { Translations } from "../../translations.ts";

/** The status in protocol.md for each outcome. */
export const STATUS: Readonly<Record<Outcome, TaskStatus>> = {
  waiting: "started",
  running: "progress",
  completed: "completed",
  cancelled: "failed",
  no_messages: "failed",
  too_large: "failed",
  no_access: "failed",
  broken: "failed",
};

/** Makes the sentence about a report. */
export type ReportSentence = (report: Report) => string;

/** Reads the translations, and makes sentences from them. */
export async function reportSentences(words: Translations): Promise<ReportSentence> {
  const known = {
    "zh-Hant": await words("zh-Hant", "report"),
    en: await words("en", "report"),
  };
  return ({ language, outcome, messages }) => {
    const sentence = known[language === "en" ? "en" : "zh-Hant"][outcome];
    return sentence.replace("{count}", messages.toLocaleString(language));
  };
}

/** A report as protocol.md defines it. */
export function viewTask(report: Report, sentence: ReportSentence): TaskUpdate {
  const { id, outcome, progress, messages, files, changedAt } = report;
  const url = `/reports/${id}`;
  return {
    task_id: id,
    status: STATUS[outcome],
    progress,
    message: sentence(report),
    result: outcome === "completed"
      ? { url, ...(files.csv && { csv_url: `${url}?format=csv` }), messages }
      : null,
    timestamp: iso(changedAt),
  };
}

/** A report with its order, as our own pages show it. */
export function viewReport(report: Report, sentence: ReportSentence): ReportView {
  const { type, room, from, to, outcome, messages, askedAt } = report;
  return {
    ...viewTask(report, sentence),
    report: type,
    room,
    from: from === undefined ? null : iso(from),
    to: iso(to),
    outcome,
    messages,
    created_at: iso(askedAt),
    expires_at: iso(endOf(report)),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
