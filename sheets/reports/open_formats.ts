/** All makers of reports. */
import type { ReportFormat } from "../../rooms/reports/report_format.ts";
import type { ReportType } from "../../rooms/reports/report.ts";
import { ActivityReport } from "./activity_report.ts";
import { Transcript } from "./transcript.ts";

/** `timeZone` is the service's, an IANA name. */
export function openFormats(timeZone: string): Readonly<Record<ReportType, ReportFormat>> {
  return { transcript: new Transcript(), activity: new ActivityReport(timeZone) };
}
