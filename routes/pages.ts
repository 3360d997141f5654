/** The pages that people see, and the files they are made of. */

import { Hono } from "hono";
import type { Context } from "hono";
import { compress } from "hono/compress";
import { getCookie, setCookie } from "hono/cookie";
import { parseAccept } from "hono/utils/accept";
import { ROOM_NAME } from "../rooms/room.ts";

/** A language that the pages speak, as a BCP 47 tag. */
export type Language = "zh-Hant" | "en";

/** What a page needs besides its words: the values of `{{page.…}}` in its template. */
type PageValues = Readonly<Record<string, string>>;

interface StoredFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly modifiedAt: number | undefined;
}

const STATIC = new URL("../static/", import.meta.url);
const STATIC_NAME = /^[a-z0-9_]+\.(css|js|svg)$/;
const INCLUDE = /\{\{>([\w.]+)\}\}/g;
const PLACE = /\{\{(=?) ?([\w.]+) ?\}\}/g;
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};
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
    const page = fill(await files.template(template), words, { ...values, ...pageValues(c, spoken) });
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
  app.get("/static/:name", async (c) => {
    const name = c.req.param("name");
    const file = STATIC_NAME.test(name) ? await files.read(name) : undefined;
    return file ? sendFile(c, name, file) : c.notFound();
  });
  app.get("*", async (c, next) => {
    if (!c.req.header("accept")?.includes("text/html")) return await next();
    c.status(404);
    return show(c, "not_found.html");
  });
  return app;
}

/** Files below `static/`, read when they are asked for and again when they have changed. */
class StaticFiles {
  readonly #files = new Map<string, StoredFile>();

  /** The file, or `undefined` where there is none. */
  async read(path: string): Promise<StoredFile | undefined> {
    const url = new URL(path, STATIC);
    try {
      const modifiedAt = (await Deno.stat(url)).mtime?.getTime();
      const known = this.#files.get(path);
      if (known && known.modifiedAt === modifiedAt) return known;
      const bytes = await Deno.readFile(url);
      const file = { bytes, etag: await etagOf(bytes), modifiedAt };
      this.#files.set(path, file);
      return file;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async text(path: string): Promise<string> {
    const file = await this.read(path);
    if (!file) throw new Error(`Cannot make a page: static/${path} is missing`);
    return new TextDecoder().decode(file.bytes);
  }

  /** A template with the ones it includes by `{{>name}}`, which include none themselves. */
  async template(name: string): Promise<string> {
    const text = await this.text(name);
    const names = [...text.matchAll(INCLUDE)].map(([, included = ""]) => included);
    const parts = new Map(
      await Promise.all(names.map(async (part) => [part, await this.text(part)] as const)),
    );
    return text.replace(
      INCLUDE,
      (_, part) => parts.get(part) ?? "",
    );
  }
}

/**
 * Fills a template in one pass, so that nothing a visitor wrote is ever read as a place to fill: `{{key}}`
 * with a word, `{{page.key}}` with a value, both escaped, and `{{=key}}` with all words below a key, as JSON
 * for a script.
 */
function fill(template: string, words: PageValues, values: PageValues): string {
  return template.replace(PLACE, (_, asJson, key: string) => {
    if (asJson) return wordsBelow(key, words);
    const text = key.startsWith("page.") ? values[key.slice("page.".length)] : words[key];
    if (text === undefined) {
      throw new Error(`Cannot fill the page: there is no "${key}"`);
    }
    return text.replace(
      /[&<>"']/g,
      (character) => `&#${character.charCodeAt(0)};`,
    );
  });
}

/** `<` is escaped because `</script` would end the block that this stands in. */
function wordsBelow(key: string, words: PageValues): string {
  const prefix = `${key}.`;
  const below = Object.entries(words).filter(([name]) => name.startsWith(prefix));
  const table = Object.fromEntries(below.map(([name, word]) => [name.slice(prefix.length), word]));
  return JSON.stringify(table).replaceAll("<", "\\u003c");
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

function sendFile(
  c: Context,
  name: string,
  { bytes, etag }: StoredFile,
): Response {
  // Always asked for anew: a release is seen at once, and what hasn't changed costs an empty answer.
  const headers = { "cache-control": "no-cache", etag, "x-content-type-options": "nosniff" };
  const known = c.req.header("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known?.includes(etag)) return c.body(null, 304, headers);
  return c.body(bytes, 200, {
    ...headers,
    "content-type": TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "",
  });
}

async function etagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, 12);
  return `"${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}
