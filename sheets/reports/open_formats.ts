/** All types of reports. */
import type { ReportFormat } from "../../rooms/reports/report_format.ts";
import type { ReportType } from "../../rooms/reports/report.ts";
import { ActivityReport } from "./activity_report.ts";
import { Transcript } from "./transcript.ts";

/** Makes the format of each type; `timeZone` is the service's time zone, an IANA name. */
export function openFormats(timeZone: string): Readonly<Record<ReportType, ReportFormat>> {
  return { transcript: new Transcript(), activity: new ActivityReport(timeZone) };
}
