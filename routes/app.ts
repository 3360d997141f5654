/** The sitemap: every way in over HTTP. */
import { Hono } from "hono";
import type { Access } from "../rooms/access/open_access.ts";
import type { Peers } from "../rooms/cluster/peers.ts";
import type { Counters } from "../rooms/counters.ts";
import type { OpenStats } from "../rooms/stats/open_stats.ts";
import type { Documents } from "../rooms/documents/documents.ts";
import type { Files } from "../rooms/files/files.ts";
import type { Archive } from "../rooms/messages/archive.ts";
import type { History } from "../rooms/messages/history.ts";
import type { Idempotency } from "../rooms/kv/idempotency_keys.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Inboxes } from "../rooms/notifications/inboxes.ts";
import type { Push } from "../rooms/notifications/push/open_push.ts";
import type { WatchLevels } from "../rooms/notifications/watch/watch_levels.ts";
import type { UnreadRooms } from "../rooms/notifications/unread/unread_rooms.ts";
import type { Subscriptions } from "../rooms/notifications/subscriptions.ts";
import type { Outbox } from "../rooms/messages/outbox.ts";
import type { StorageGuard } from "../rooms/kv/storage_guard.ts";
import type { Reports } from "../rooms/reports/open_reports.ts";
import { adminApi } from "./api/admin.ts";
import { type ApiEnv, apiGate } from "./api/gate.ts";
import { pathBelow, standsAt } from "./pages/base_path.ts";
import { createAuthentication, userOf } from "./authentication.ts";
import { chatSocket } from "./sockets/chat.ts";
import type { Config } from "./config.ts";
import { dashboardSocket } from "./sockets/dashboard.ts";
import { answerTo, codeOf } from "./errors.ts";
import { eventsApi } from "./api/events.ts";
import { fileDownload } from "./api/files/file_download.ts";
import { filesApi } from "./api/files/files_api.ts";
import { documentsApi } from "./api/documents.ts";
import { documentSocket } from "./sockets/document.ts";
import { createEntrance } from "./entrance.ts";
import { guestCookie } from "./guest_cookie.ts";
import { health } from "./health.ts";
import { errorFields, type Logger } from "./logger.ts";
import { type RowDelivery, sheetApi } from "./api/sheet.ts";
import { myRoomsApi } from "./api/my_rooms.ts";
import { messagesApi } from "./api/messages/messages.ts";
import { searchApi } from "./api/messages/search.ts";
import { notificationsApi } from "./api/notifications.ts";
import { notificationsSocket } from "./sockets/notifications.ts";
import { ANONYMOUS, guest } from "../rooms/user.ts";
import { createRoomList } from "./api/rooms/listed_rooms.ts";
import { invitesApi } from "./api/rooms/invites.ts";
import { moderationApi } from "./api/rooms/moderation.ts";
import { metrics } from "./metrics.ts";
import { pageLimit } from "./pages/page_limit.ts";
import { pages } from "./pages/pages.ts";
import { peopleApi } from "./api/people.ts";
import type { Translations } from "./translations.ts";
import { pushApi } from "./api/push.ts";
import { reportFiles } from "./api/reports/report_files.ts";
import { reportsApi } from "./api/reports/reports.ts";
import { roomSheetApi } from "./api/rooms/room_sheet.ts";
import { roomsApi } from "./api/rooms/rooms.ts";
import { sessionApi } from "./api/session.ts";
import { createSocketUpgrade } from "./sockets/upgrade.ts";
import type { StaticFiles } from "./pages/static_files.ts";
import { socketCheck } from "./api/socket_check.ts";
import { taskSocket } from "./sockets/tasks.ts";
import { tokensApi } from "./api/tokens.ts";
import { mySettingsApi, roomWatchApi } from "./api/watch.ts";
import { usersApi } from "./api/users.ts";

type PushPart = Pick<Push, "pushKey" | "isPushEndpoint" | "subscribe" | "unsubscribe">;

/** What the routes work on. */
export interface AppParts extends Access, OpenStats, PushPart {
  readonly config: Config;
  readonly log: Logger;
  readonly counters: Counters;
  readonly instance: string;
  readonly rooms: Rooms;
  readonly peers: Peers;
  readonly storage: StorageGuard;
  readonly idempotency: Idempotency;
  readonly documents: Documents;
  readonly history: History;
  readonly archive: Archive;
  readonly outbox: Outbox;
  readonly inboxes: Inboxes;
  readonly subscriptions: Subscriptions;
  readonly unreadRooms: UnreadRooms;
  readonly watchLevels: WatchLevels;
  readonly delivery: RowDelivery;
  readonly reports: Reports;
  readonly files: StaticFiles;
  readonly roomFiles: Files;
  readonly words: Translations;
  readonly now: () => number;
  readonly isStopping: () => boolean;
}

/** Mounts all routes; answers errors as {@link answerTo} maps them. */
export function createApp(parts: AppParts): Hono<ApiEnv> {
  const { config, log } = parts;
  const authentication = createAuthentication({ ...parts, ...config });
  const listRooms = createRoomList(parts);
  const entrance = createEntrance({ ...parts, authentication });
  const upgrade = createSocketUpgrade({ ...parts, ...config, authentication });
  const guarded = apiGate({ ...parts, ...config, authentication });
  return new Hono<ApiEnv>({ getPath: pathBelow(config.basePath) })
    .use(standsAt(config))
    .route("/", chatSocket({ ...parts, ...config, upgrade, entrance }))
    .route("/", notificationsSocket({ ...parts, upgrade }))
    .route("/", dashboardSocket({ ...parts, upgrade }))
    .route("/", metrics({ ...parts, delivery: () => parts.delivery.figures(), authentication }))
    .route("/", taskSocket({ ...parts, upgrade }))
    // A page of pictures is many requests: reading files counts for no limit of calls.
    .use("/files/*", apiGate({ ...parts, authentication, rateMessagesPerMinute: 0 }))
    .use("/api/*", guarded)
    .use("/reports/:id", guarded)
    .route("/", documentSocket({ ...parts, upgrade }))
    .route("/api/socket", socketCheck())
    .route("/api", sessionApi({ ...parts, ...config, authentication }))
    .route("/api/users", usersApi({ ...parts, ...config, authentication }))
    .route("/api/tokens", tokensApi(parts))
    .route("/api/rooms", roomsApi({ ...parts, ...config, listRooms }))
    .route("/api/rooms", messagesApi(parts))
    .route("/api/rooms", invitesApi({ ...parts, ...config }))
    .route("/api/rooms", roomSheetApi(parts))
    .route("/api/rooms", moderationApi(parts))
    .route("/api/rooms", searchApi(parts))
    .route("/api/rooms", roomWatchApi(parts))
    .route("/api/me/rooms", myRoomsApi(parts))
    .route("/api", filesApi({ ...parts, authentication }))
    .route("/files", fileDownload(parts))
    .route("/api/me/settings", mySettingsApi(parts))
    .route("/api/push", pushApi(parts))
    .route("/api/documents", documentsApi(parts))
    .route("/api/people", peopleApi(parts))
    .route("/api/log", sheetApi({ ...parts, timeZone: config.timeZone }))
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
        accountOf: (c) => authentication.account(c),
        visitorOf: async (c, room) => {
          // A name that is too long is refused where somebody enters.
          const caller = await authentication.caller(c, { room }).catch(() => undefined);
          return typeof caller === "object" ? caller.user : undefined;
        },
        listRooms: async (c) => {
          const account = await authentication.account(c);
          return await listRooms(account ? userOf(account) : guest(ANONYMOUS));
        },
        entering: {
          ...parts,
          ...{ entrance, trustProxy: config.trustProxy },
          accountById: (id) => parts.accounts.byId(id),
          accountUserOf: async (c) => {
            const account = await authentication.account(c);
            return account && userOf(account);
          },
          requireAllowedOrigin: (c) => authentication.requireAllowedOrigin(c),
        },
        findRoom: (name) => parts.roomNames.find(name),
        permissionsOf: (room) => parts.roomPermissions.of(room),
        readIdOf: async (account, room) => (await parts.unreadRooms.marks.find(account, room))?.id ?? "",
        documentOf: (id) => parts.documents.documentList.stored(id),
        waitOf: pageLimit(authentication, config),
      }),
    )
    .onError((error, c) => {
      const answer = answerTo(error, c);
      if (answer) {
        parts.counters.refuse(codeOf(error));
        return answer;
      }
      log.error("request_failed", {
        method: c.req.method,
        path: withoutCode(c.req.path),
        ...errorFields(error),
      });
      return c.json({ error: "Internal server error", code: "internal" }, 500);
    })
    .notFound((c) =>
      c.json({ error: `There is nothing at ${withoutCode(c.req.path)}`, code: "not_found" }, 404)
    );
}

/** A path as it may be logged: the code of an invitation lets people in. */
function withoutCode(path: string): string {
  return path.replace(/^(\/(?:join|account\/link)\/).+/, "$1…");
}
