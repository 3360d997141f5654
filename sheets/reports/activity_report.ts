/** The report `activity`: counts a room's messages slice by slice, and writes one workbook at the end. */
import type { Message } from "../../rooms/protocol.ts";
import { ActivityCount } from "../../rooms/reports/activity.ts";
import type { ReportFormat, Step } from "../../rooms/reports/report_format.ts";
import type { Order } from "../../rooms/reports/report.ts";
import { activityWorkbook } from "./activity_workbook.ts";

/** Makes the file `xlsx`. */
export class ActivityReport implements ReportFormat {
  // Larger slices than a transcript's, because nothing is written in between.
  readonly pagesASlice = 3;
  readonly #timeZone: string;

  /** `timeZone` is the service's time zone, an IANA name. */
  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  begin(): Step {
    return { state: new ActivityCount().toJSON(), pieces: [] };
  }

  take(state: unknown, messages: readonly Message[]): Step {
    const count = new ActivityCount(state);
    for (const message of messages) count.add(message);
    return { state: count.toJSON(), pieces: [] };
  }

  async end(state: unknown, order: Order): Promise<Step> {
    const activity = new ActivityCount(state).result();
    const bytes = await activityWorkbook(activity, order, this.#timeZone);
    return { state: undefined, pieces: [{ file: "xlsx", bytes }] };
  }
}
