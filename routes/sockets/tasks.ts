/** `/ws/tasks/`: the progress of a user's own reports. The client sends nothing but pings. */
import type { Hono } from "hono";
import type { Reports } from "../../rooms/reports/open_reports.ts";
import type { Bindings } from "../authentication.ts";
import type { Translations } from "../translations.ts";
import type { Logger } from "../logger.ts";
import { accountSocket } from "./account_socket.ts";
import { reportSentences, viewReport, viewTask } from "../api/reports/report_view.ts";
import type { SocketUpgrade } from "./upgrade.ts";

/** The client has nothing to send; a few frames are tolerated. */
const MAX_FRAME_BYTES = 4_096;
const FRAMES_PER_MINUTE = 60;
const UNKNOWN = JSON.stringify({ type: "error", error: "Unknown type", code: "unknown_type" });

/** The route of the reports' socket. */
export function taskSocket(options: {
  upgrade: SocketUpgrade;
  log: Logger;
  reports: Reports;
  words: Translations;
  now: () => number;
}): Hono<{ Bindings: Bindings }> {
  const { reports, words, now } = options;
  return accountSocket({
    ...options,
    path: "/ws/tasks",
    maxFrameBytes: MAX_FRAME_BYTES,
    framesPerMinute: FRAMES_PER_MINUTE,
    async serve(connection) {
      const since = now();
      const sentence = await reportSentences(words);
      // Our own pages also show what was asked for.
      const view = connection.takesBatches ? viewReport : viewTask;
      const left = await reports.listen({
        owner: connection.user.id,
        since,
        changed: (report) =>
          connection.send(JSON.stringify({ type: "task_update", ...view(report, sentence) })),
      });
      return { receive: () => connection.send(UNKNOWN), left };
    },
  });
}
