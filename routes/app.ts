/** The sitemap: every way in over HTTP. */
import { Hono } from "hono";
import type { Access } from "../rooms/access.ts";
import type { Archive } from "../rooms/archive.ts";
import type { Counts } from "../rooms/figures/counts.ts";
import type { Figured } from "../rooms/figures/open_board.ts";
import type { LogFigures } from "../rooms/figures/board.ts";
import type { Documents } from "../rooms/documents/documents.ts";
import type { History } from "../rooms/history.ts";
import type { Idempotency } from "../rooms/idempotency.ts";
import type { Lobby } from "../rooms/lobby.ts";
import type { Inboxes } from "../rooms/notifications/inboxes.ts";
import type { Watch } from "../rooms/notifications/watch.ts";
import type { Outbox } from "../rooms/outbox.ts";
import type { Storage } from "../rooms/storage.ts";
import type { Reports } from "../rooms/reports/open_reports.ts";
import type { SharedLogStatus } from "../sheets/log_status.ts";
import type { Ledger } from "../sheets/ledger.ts";
import type { Sheet } from "../sheets/sheet.ts";
import { adminApi } from "./admin_api.ts";
import { type ApiEnv, apiGate } from "./api_gate.ts";
import { pathBelow, standsAt } from "./base_path.ts";
import { createCallers } from "./callers.ts";
import { chatSocket } from "./chat_socket.ts";
import type { Config } from "./config.ts";
import { dashboardSocket } from "./dashboard_socket.ts";
import { answerTo, codeOf } from "./errors.ts";
import { eventsApi } from "./events_api.ts";
import { documentsApi } from "./documents_api.ts";
import { documentSocket } from "./document_socket.ts";
import { guestCookie } from "./guest_cookie.ts";
import { health } from "./health.ts";
import { errorFields, type Log } from "./log.ts";
import { logApi } from "./log_api.ts";
import { messagesApi } from "./messages_api.ts";
import { notificationsApi } from "./notifications_api.ts";
import { notificationsSocket } from "./notifications_socket.ts";
import { metrics } from "./metrics.ts";
import { pageLimit } from "./page_limit.ts";
import { pages } from "./pages.ts";
import { peopleApi } from "./people_api.ts";
import type { LanguageWords } from "./language_words.ts";
import { reportFiles } from "./report_files.ts";
import { reportsApi } from "./reports_api.ts";
import { roomsApi } from "./rooms_api.ts";
import { sessionApi } from "./session_api.ts";
import { createSocketGate } from "./socket_gate.ts";
import type { StaticFiles } from "./static_files.ts";
import { socketCheck } from "./socket_check.ts";
import { taskSocket } from "./task_socket.ts";
import { tokensApi } from "./tokens_api.ts";
import { usersApi } from "./users_api.ts";

export interface AppParts extends Access, Figured {
  readonly config: Config;
  readonly log: Log;
  readonly counts: Counts;
  readonly instance: string;
  readonly lobby: Lobby;
  readonly storage: Storage;
  readonly idempotency: Idempotency;
  readonly documents: Documents;
  readonly history: History;
  readonly archive: Archive;
  readonly outbox: Outbox;
  readonly inboxes: Inboxes;
  readonly watch: Watch;
  readonly logFigures: () => Promise<LogFigures>;
  readonly logStatus: SharedLogStatus;
  readonly ledger: Ledger;
  readonly sheet: Sheet;
  readonly reports: Reports;
  readonly files: StaticFiles;
  readonly words: LanguageWords;
  readonly now: () => number;
  readonly isStopping: () => boolean;
}

export function createApp(parts: AppParts): Hono<ApiEnv> {
  const { config, log } = parts;
  const callers = createCallers({ ...parts, ...config });
  const gate = createSocketGate({ ...parts, ...config, callers });
  const guarded = apiGate({ ...parts, ...config, callers });
  return new Hono<ApiEnv>({ getPath: pathBelow(config.basePath) })
    .use(standsAt(config))
    .route("/", chatSocket({ ...parts, ...config, gate }))
    .route("/", notificationsSocket({ ...parts, gate }))
    .route("/", dashboardSocket({ ...parts, gate }))
    .route("/", metrics({ ...parts, log: parts.logFigures, callers }))
    .route("/", taskSocket({ ...parts, gate }))
    .use("/api/*", guarded)
    .use("/reports/:id", guarded)
    .route("/", documentSocket({ ...parts, gate }))
    .route("/api/socket", socketCheck())
    .route("/api", sessionApi({ ...parts, ...config, callers }))
    .route("/api/users", usersApi({ ...parts, ...config, callers }))
    .route("/api/tokens", tokensApi(parts))
    .route("/api/rooms", roomsApi({ ...parts, ...config }))
    .route("/api/rooms", messagesApi(parts))
    .route("/api/documents", documentsApi(parts))
    .route("/api/people", peopleApi(parts))
    .route("/api/log", logApi(parts))
    .route("/api/notifications", notificationsApi(parts))
    .route("/api/events", eventsApi(parts))
    .route("/api/admin", adminApi(parts))
    .route("/api/reports", reportsApi({ ...parts, ...config }))
    .route("/reports", reportFiles({ ...parts, ...config }))
    .route("/", health(parts))
    .use("/chat/*", guestCookie({ ...parts, ...config }))
    .route(
      "/",
      pages({
        ...config,
        files: parts.files,
        sheetName: config.googleSheetId && config.googleSheetName,
        accountOf: (c) => callers.account(c),
        findRoom: (name) => parts.roomNames.find(name),
        rulesOf: (room) => parts.rules.of(room),
        documentOf: (id) => parts.documents.catalog.stored(id),
        waitOf: pageLimit(callers, config),
      }),
    )
    .onError((error, c) => {
      const answer = answerTo(error, c);
      if (answer) {
        parts.counts.refuse(codeOf(error));
        return answer;
      }
      log.error("request_failed", { method: c.req.method, path: c.req.path, ...errorFields(error) });
      return c.json({ error: "Internal server error", code: "internal" }, 500);
    })
    .notFound((c) => c.json({ error: `There is nothing at ${c.req.path}`, code: "not_found" }, 404));
}
