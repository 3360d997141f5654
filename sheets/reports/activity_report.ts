/** Makes the activity of a room: counts it slice by slice, and writes the workbook in the end. */
import type { Message } from "../../rooms/protocol.ts";
import { ActivityCount } from "../../rooms/reports/activity.ts";
import type { ReportFormat, Step } from "../../rooms/reports/report_format.ts";
import type { Order } from "../../rooms/reports/report.ts";
import { activityWorkbook } from "./activity_workbook.ts";

export class ActivityReport implements ReportFormat {
  // Nothing is written meanwhile, so that a slice may be larger than a transcript's.
  readonly pagesASlice = 3;
  readonly #timeZone: string;

  /** `timeZone` is the service's, an IANA name. */
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
