/** The pages that people see. */
import { Hono } from "hono";
import type { Context } from "hono";
import { compress } from "hono/compress";
import { getCookie, setCookie } from "hono/cookie";
import { parseAccept } from "hono/utils/accept";
import { ROOM_NAME } from "../rooms/room.ts";
import { fillTemplate, type PageValues, readTemplate } from "./page_template.ts";
import { StaticFiles, staticFiles } from "./static_files.ts";

/** A language that the pages speak, as a BCP 47 tag. */
export type Language = "zh-Hant" | "en";

const YEAR_SECONDS = 365 * 24 * 60 * 60;
const SECURITY_HEADERS = {
  "content-security-policy": [
    "default-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self' ws: wss:",
    "style-src 'self'",
    "script-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};

/**
 * The lobby, the rooms, the help page and `/static/`. Mount it last: it answers whatever else a browser asks
 * for with a friendly "not found", and leaves other clients to the next handler.
 *
 * `language` speaks to visitors who state no preference; `maxMessageLength` is in characters, 0 for no limit.
 * Throws a `RangeError` on options that can't be meant.
 */
export function pages(options: { language: Language; maxMessageLength: number }): Hono {
  const { language, maxMessageLength } = options;
  if (!isLanguage(language)) {
    throw new RangeError(`Cannot make the pages: language is "${language}", must be zh-Hant or en`);
  }
  if (!Number.isSafeInteger(maxMessageLength) || maxMessageLength < 0) {
    throw new RangeError(`Cannot make the pages: maxMessageLength is ${maxMessageLength}, must be 0 or more`);
  }
  const files = new StaticFiles();
  const app = new Hono();

  const show = async (c: Context, template: string, values: PageValues = {}) => {
    const spoken = languageOf(c, language);
    const words = JSON.parse(await files.text(`languages/${spoken}.json`));
    const known = { ...pageValues(c, spoken), files: `/static/${await files.version()}` };
    const page = fillTemplate(await readTemplate(files, template), words, { ...values, ...known });
    return c.html(page, {
      headers: {
        ...SECURITY_HEADERS,
        "cache-control": "no-cache",
        "content-language": spoken,
        vary: "Accept-Language, Cookie",
      },
    });
  };
  const refuseRoom = (c: Context) => {
    c.status(400);
    return show(c, "bad_room.html");
  };

  app.get("*", compress({ encoding: "gzip" }));
  for (const path of ["/chat/*", "/help/*"]) {
    app.get(path, async (c, next) => {
      const chosen = c.req.query("language");
      if (!isLanguage(chosen)) return await next();
      setCookie(c, "language", chosen, { path: "/", maxAge: YEAR_SECONDS, sameSite: "Lax" });
      return c.redirect(here(c, { without: "language" }));
    });
  }

  app.get("/", (c) => c.redirect("/chat/"));
  for (const path of ["/chat", "/chat/:room", "/help"]) {
    app.get(path, (c) => {
      const url = new URL(c.req.url);
      return c.redirect(`${url.pathname}/${url.search}`);
    });
  }
  app.get("/chat/", (c) => {
    // The lobby's form, which works without JavaScript.
    const { room, username } = c.req.query();
    if (room === undefined) return show(c, "lobby.html");
    const name = roomName(room.trim());
    if (!name) return refuseRoom(c);
    const query = username?.trim() ? `?${new URLSearchParams({ username: username.trim() })}` : "";
    return c.redirect(`/chat/${encodeURIComponent(name)}/${query}`);
  });
  app.get("/chat/:room/", (c) => {
    const room = roomName(c.req.param("room"));
    return room ? show(c, "room.html", { room, max_length: String(maxMessageLength) }) : refuseRoom(c);
  });
  app.get("/help/", (c) => show(c, "help.html"));
  app.get("/favicon.ico", (c) => c.redirect("/static/favicon.svg"));
  app.route("/static", staticFiles(files));
  app.get("*", async (c, next) => {
    if (!c.req.header("accept")?.includes("text/html")) return await next();
    c.status(404);
    return show(c, "not_found.html");
  });
  return app;
}

function pageValues(c: Context, language: Language): PageValues {
  const theme = getCookie(c, "theme");
  return {
    language,
    other_language: language === "en" ? "zh-Hant" : "en",
    theme: theme === "light" || theme === "dark" ? theme : "system",
  };
}

function languageOf(c: Context, fallback: Language): Language {
  const chosen = getCookie(c, "language");
  if (isLanguage(chosen)) return chosen;
  const tags = parseAccept(c.req.header("accept-language") ?? "").sort((a, b) => b.q - a.q);
  const known = tags.find(({ type, q }) => q > 0 && /^(zh|en)\b/i.test(type))
    ?.type.toLowerCase();
  if (!known) return fallback;
  return known.startsWith("zh") ? "zh-Hant" : "en";
}

function isLanguage(tag: unknown): tag is Language {
  return tag === "zh-Hant" || tag === "en";
}

/** The name composed, so that typed on two systems it is one room; `undefined` for an impossible one. */
function roomName(name: string): string | undefined {
  const composed = name.normalize("NFC");
  return ROOM_NAME.test(composed) ? composed : undefined;
}

function here(c: Context, { without }: { without: string }): string {
  const url = new URL(c.req.url);
  url.searchParams.delete(without);
  return url.pathname + url.search;
}
