/** The pages that people see. */
import { Hono } from "hono";
import type { Context } from "hono";
import { compress } from "hono/compress";
import { setCookie } from "hono/cookie";
import type { Account } from "../../rooms/access/accounts.ts";
import { ROOM_NAME } from "../../rooms/room.ts";
import {
  mayChange,
  mayEnter,
  mayModerate,
  type RoomPermissions,
} from "../../rooms/access/room_permissions.ts";
import type { ListedDocument } from "../../rooms/documents/document_list.ts";
import { hereIn, siteOf } from "./base_path.ts";
import { accountPages } from "./account_pages.tsx";
import { appPages } from "./app_pages.tsx";
import { adminPages } from "./admin_pages.tsx";
import { userOf } from "../authentication.ts";
import { documentPages } from "./document_pages.tsx";
import { HelpPage } from "./help_page.tsx";
import { LobbyPage } from "./lobby_page.tsx";
import { linkPages, type LinkPagesOptions } from "./entering/link_pages.tsx";
import { joinPages, type JoinPagesOptions } from "./entering/join_pages.tsx";
import { roomInPath } from "../path_params.ts";
import type { User } from "../../rooms/user.ts";
import type { ListedRoom } from "../api/rooms/listed_rooms.ts";
import type { Language } from "./page.ts";
import { isLanguage, pageView } from "./page_view.ts";
import { reportPages } from "./report_pages.tsx";
import { RoomPage } from "./room_page.tsx";
import { RoomSettingsPage } from "./room_settings_page.tsx";
import { StaticFiles, staticFiles } from "./static_files.ts";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** What pages need of the service. */
export interface PagesOptions {
  /** For visitors who state no preference. */
  readonly language: Language;
  /** In characters, 0 for no limit. */
  readonly maxMessageLength: number;
  /** The size of a file at most, in bytes. */
  readonly maxFileBytes: number;
  readonly auth: "guests" | "required";
  readonly signup: "open" | "closed";
  /** The tab of the spreadsheet that messages go to; `undefined` for a file. */
  readonly sheetName: string | undefined;
  /** Days for which messages are kept; 0 = for good. */
  readonly retentionDays: number;
  /** For how long authors may change what they said, in minutes; 0: never. */
  readonly editMinutes: number;
  /** Resolves to the account that is signed in. */
  readonly accountOf: (c: Context) => Promise<Account | undefined>;
  /** Resolves to the name under which a room is stored; missing: every spelling is a room of its own. */
  readonly findRoom?: (name: string) => Promise<string>;
  /** Resolves to the user who asks for a room's page; `undefined` for a guest whom nobody invited. */
  readonly visitorOf?: (c: Context, room: string) => Promise<User | undefined>;
  /** Resolves to the rooms that a list shows to a visitor; missing: none. */
  readonly listRooms?: (c: Context) => Promise<readonly ListedRoom[]>;
  /** What invitations and sign-in links need; missing: there are none. */
  readonly entering?: Omit<JoinPagesOptions, "permissionsOf"> & LinkPagesOptions;
  readonly permissionsOf: (room: string) => Promise<RoomPermissions>;
  /** Resolves to the id of the message up to which an account has read, or `""`; missing: nobody has read anything. */
  readonly readIdOf?: (account: string, room: string) => Promise<string>;
  readonly documentOf: (id: string) => Promise<ListedDocument | undefined>;
  /** The files of `static/`; the project's own by default. */
  readonly files?: StaticFiles;
  /** Milliseconds until the caller may open the next page; 0 = now, which is the default. */
  readonly waitOf?: (c: Context) => number;
}

/**
 * All pages, and `/static/`. Mount it last: it answers every other address with a page that says "not found" where HTML is
 * accepted, and leaves other clients to the next handler.
 *
 * @throws {RangeError} when the language is unknown or the length isn't a whole number of 0 or more
 */
export function pages(options: PagesOptions): Hono {
  const {
    language,
    maxMessageLength,
    maxFileBytes,
    accountOf,
    permissionsOf,
    waitOf = () => 0,
    files = new StaticFiles(),
  } = options;
  const { findRoom = (name: string) => Promise.resolve(name) } = options;
  const {
    visitorOf = async (c: Context) => {
      const account = await accountOf(c);
      return account && userOf(account);
    },
  } = options;
  if (!isLanguage(language)) {
    throw new RangeError(`Cannot make the pages: language is "${language}", must be zh-Hant or en`);
  }
  if (!Number.isSafeInteger(maxMessageLength) || maxMessageLength < 0) {
    throw new RangeError(`Cannot make the pages: maxMessageLength is ${maxMessageLength}, must be 0 or more`);
  }
  const app = new Hono();

  const view = pageView({ files, language, accountOf });
  const { show, refuse } = view;

  app.get("*", compress({ encoding: "gzip" }));
  app.get("*", async (c, next) => {
    const waitMs = c.req.path.startsWith("/static/") ? 0 : waitOf(c);
    if (!waitMs) return await next();
    c.header("retry-after", String(Math.ceil(waitMs / 1000)));
    return await refuse(c, 429, "too_fast");
  });
  for (const path of ["/chat/*", "/docs/*", "/help/*", "/join/", "/account/*", "/admin/*", "/reports/"]) {
    app.get(path, async (c, next) => {
      const chosen = c.req.query("language");
      if (!isLanguage(chosen)) return await next();
      const path = `${siteOf(c).basePath}/`;
      setCookie(c, "language", chosen, { path, maxAge: YEAR_SECONDS, sameSite: "Lax" });
      return c.redirect(hereIn(c, { without: "language" }));
    });
  }

  app.get("/", (c) => c.redirect("/chat/"));
  for (
    const path of [
      "/chat",
      "/chat/:room",
      "/chat/:room/settings",
      "/docs",
      "/docs/:id",
      "/help",
      "/admin",
      "/account",
      "/account/sign-in",
      "/account/sign-up",
      "/reports",
    ]
  ) {
    app.get(path, (c) => c.redirect(hereIn(c).replace(/(?=\?|$)/, "/")));
  }
  if (options.auth === "required") {
    for (const path of ["/chat/*", "/docs/*"]) {
      app.get(path, async (c, next) => {
        if (await accountOf(c) || await isInvited(c)) return await next();
        return c.redirect(`/account/sign-in/?to=${encodeURIComponent(hereIn(c))}`);
      });
    }
  }
  /** Whether a request for a room's page comes from a guest who was invited into that room. */
  async function isInvited(c: Context): Promise<boolean> {
    const room = roomInPath(c.req.path, /^\/chat\/([^/]+)\/$/);
    if (room === undefined) return false;
    const found = await findRoom(room);
    const visitor = await visitorOf(c, found);
    return visitor !== undefined && mayEnter(await permissionsOf(found), visitor);
  }

  app.get("/chat/", async (c) => {
    // The form of the list of rooms, which works without JavaScript.
    const { room, username } = c.req.query();
    if (room === undefined) return show(c, LobbyPage, { listed: await options.listRooms?.(c) ?? [] });
    const name = roomName(room.trim());
    if (!name) return refuse(c, 400, "bad_room");
    const query = username?.trim() ? `?${new URLSearchParams({ username: username.trim() })}` : "";
    return c.redirect(`/chat/${encodeURIComponent(name)}/${query}`);
  });
  // A room has one address, whichever way its name is written.
  for (const path of ["/chat/:room/", "/chat/:room/settings/"]) {
    app.get(path, async (c, next) => {
      const named = roomName(c.req.param("room") ?? "");
      const room = named && await findRoom(named);
      if (room === named || !room) return await next();
      const { pathname, search } = new URL(c.req.url);
      const [, , , ...rest] = pathname.split("/");
      return c.redirect(`/chat/${encodeURIComponent(room)}/${rest.join("/")}${search}`);
    });
  }
  app.get("/chat/:room/", async (c) => {
    const room = roomName(c.req.param("room"));
    if (!room) return refuse(c, 400, "bad_room");
    const permissions = await permissionsOf(room);
    const user = await visitorOf(c, room);
    const mayRead = user ? mayEnter(permissions, user) : !permissions.isPrivate;
    const isChanger = user !== undefined && mayChange(permissions, user);
    const page = await show(c, RoomPage, {
      room,
      // Strangers don't learn what a private room is called.
      title: mayRead && permissions.title || room,
      readId: user ? await options.readIdOf?.(user.id, room) ?? "" : "",
      mayChange: isChanger,
      isPrivate: permissions.isPrivate,
      mayEnter: mayRead,
      isClosed: permissions.isClosed === true,
      isReadOnly: permissions.isReadOnly && !(user && mayModerate(permissions, user)),
      auth: options.auth,
      maxMessageLength,
      maxFileBytes,
      sheetName: options.sheetName,
      retentionDays: options.retentionDays,
      editMinutes: options.editMinutes,
    });
    // Guests come by an invitation, which ends.
    if (permissions.isPrivate) page.headers.set("cache-control", "private, no-store");
    return page;
  });
  app.get("/chat/:room/settings/", async (c) => {
    const room = roomName(c.req.param("room"));
    if (!room) return refuse(c, 400, "bad_room");
    const account = await accountOf(c);
    if (!account) return c.redirect(`/account/sign-in/?to=${encodeURIComponent(hereIn(c))}`);
    const permissions = await permissionsOf(room);
    if (!mayModerate(permissions, userOf(account))) return c.redirect(`/chat/${encodeURIComponent(room)}/`);
    return show(c, RoomSettingsPage, { room, title: permissions.title || room });
  });
  app.route("/", accountPages({ ...options, view }));
  app.route("/", adminPages({ view, accountOf }));
  app.route("/", reportPages({ view, accountOf }));
  app.route("/", documentPages({ ...options, view }));
  app.route("/", appPages({ files, view }));
  if (options.entering) {
    app.route("/", joinPages({ ...options.entering, permissionsOf, view }));
    app.route("/", linkPages({ ...options.entering, view }));
  }
  app.get("/help/", (c) => show(c, HelpPage, {}));
  app.get("/favicon.ico", (c) => c.redirect("/static/favicon.svg"));
  app.route("/static", staticFiles(files));
  app.get("*", async (c, next) => {
    if (!c.req.header("accept")?.includes("text/html")) return await next();
    return refuse(c, 404, "not_found");
  });
  return app;
}

/** The name composed, so that typed on two systems it is one room; `undefined` for an impossible one. */
function roomName(name: string): string | undefined {
  const composed = name.normalize("NFC");
  return ROOM_NAME.test(composed) ? composed : undefined;
}
