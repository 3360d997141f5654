/** How a page is shown: in the visitor's language, with the files of the present version, and nothing inline. */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { parseAccept } from "hono/utils/accept";
import type { Account } from "../../rooms/access/accounts.ts";
import { hereIn, siteOf } from "./base_path.ts";
import { wordsIn } from "../translations.ts";
import { blankOf, fillBlank, type PageValues, readTemplate } from "./page_template.ts";
import type { StaticFiles } from "./static_files.ts";

/** A language that the pages speak, as a BCP 47 tag. */
export type Language = "zh-Hant" | "en";

const SECURITY_HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};

/** `styleNonce`: what styles have to show that a script of the page makes; `undefined` where none does. */
function policy(styleNonce: string | undefined, frameAncestors: readonly string[]): string {
  return [
    "default-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self' ws: wss:",
    styleNonce === undefined ? "style-src 'self'" : `style-src 'self' 'nonce-${styleNonce}'`,
    "script-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${frameAncestors.join(" ") || "'none'"}`,
  ].join("; ");
}

/** Why there is no page; each has a title and a text among the words. */
export const OBSTACLES = ["bad_room", "forbidden", "not_found", "too_fast"] as const;
export type Obstacle = typeof OBSTACLES[number];

export interface PageView {
  /**
   * Answers with a page, with values that may be made of the words; `status` is 200 unless set on the context before. The value `style_nonce`, where a page has
   * one, lets styles in that show it.
   */
  show(
    c: Context,
    template: string,
    values?: PageValues | ((words: PageValues) => PageValues),
  ): Promise<Response>;
  /** Answers with a page that says why there is no other. */
  tell(c: Context, status: 400 | 403 | 404 | 429, about: Obstacle): Promise<Response>;
}

/**
 * `language` speaks to visitors who state no preference; `accountOf` tells who is signed in. Places in templates get
 * besides their own values `page.role` (`guest`, `user`, `admin`), `page.account` (the name that others read, or `""`), `page.account_id`
 * and `page.here` (the page's own address, to come back to).
 */
export function pageView(options: {
  files: StaticFiles;
  language: Language;
  accountOf: (c: Context) => Promise<Account | undefined>;
}): PageView {
  const { files, language, accountOf } = options;
  async function answer(c: Context, template: string, valuesOf: (words: PageValues) => PageValues) {
    const spoken = languageOf(c, language);
    const set = await files.now();
    const words = wordsIn(set, spoken);
    const { basePath, frameAncestors } = siteOf(c);
    const account = await accountOf(c);
    const values: PageValues = {
      ...valuesOf(words),
      ...languageValues(c, spoken),
      files: `${basePath}/static/${set.version}`,
      role: account?.role ?? "guest",
      account: account?.displayName ?? "",
      account_id: account?.id ?? "",
      here: encodeURIComponent(hereIn(c)),
    };
    const blank = set.once(
      `page ${template} ${spoken}`,
      () => blankOf(readTemplate(set, template), words, basePath),
    );
    return c.html(fillBlank(blank, values), {
      headers: {
        ...SECURITY_HEADERS,
        // Browsers that know the policy's word for it heed that one.
        ...(!frameAncestors.length && { "x-frame-options": "DENY" }),
        "content-security-policy": policy(values.style_nonce, frameAncestors),
        // Going back after signing out must not show what only the account may see.
        "cache-control": account ? "private, no-store" : "private, no-cache",
        "content-language": spoken,
        vary: "Accept-Language, Cookie",
      },
    });
  }

  return {
    show: (c, template, values = {}) =>
      answer(c, template, typeof values === "function" ? values : () => values),
    tell(c, status, about) {
      c.status(status);
      return answer(
        c,
        "message.html",
        (words) => ({ title: words[`${about}.title`], text: words[`${about}.text`] }),
      );
    },
  };
}

export function isLanguage(tag: unknown): tag is Language {
  return tag === "zh-Hant" || tag === "en";
}

function languageValues(c: Context, language: Language): PageValues {
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
