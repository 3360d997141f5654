/** How a page is shown: in the visitor's language, with the files of the present version, and nothing inline. */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { parseAccept } from "hono/utils/accept";
import type { Account } from "../../rooms/access/accounts.ts";
import { hereIn, siteOf } from "./base_path.ts";
import { wordsIn } from "../translations.ts";
import { MessagePage, type Obstacle } from "./message_page.tsx";
import type { Language, Markup, Page, PageProps } from "./page.ts";
import type { StaticFiles } from "./static_files.ts";

const SECURITY_HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};

/** `styleNonce` is the nonce of styles that a script of the page makes; `undefined` where none does. */
function policy(styleNonce: string | undefined, frameAncestors: readonly string[]): string {
  return [
    "default-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self' ws: wss:",
    styleNonce === undefined ? "style-src 'self'" : `style-src 'self' 'nonce-${styleNonce}'`,
    "script-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${frameAncestors.join(" ") || "'none'"}`,
  ].join("; ");
}

/** A page as a component; `Props` is what it shows besides a {@link Page}. */
export type PageComponent<Props> = (props: Props & PageProps) => Markup;

/** Answers with pages. */
export interface PageView {
  /**
   * Answers with a page; the status is 200 unless set on the context before. `styleNonce` allows styles with this nonce,
   * for pages whose scripts make some.
   */
  show<Props>(
    c: Context,
    component: PageComponent<Props>,
    props: Props,
    styleNonce?: string,
  ): Promise<Response>;
  /** Answers with a page that says why there is no other. */
  refuse(c: Context, status: 400 | 403 | 404 | 429, about: Obstacle): Promise<Response>;
}

/** `language` is for visitors who state no preference; `accountOf` resolves to the account that is signed in. */
export function pageView(options: {
  files: StaticFiles;
  language: Language;
  accountOf: (c: Context) => Promise<Account | undefined>;
}): PageView {
  const { files, language: fallback, accountOf } = options;
  const show: PageView["show"] = async (c, component, props, styleNonce) => {
    const set = await files.now();
    const language = languageOf(c, fallback);
    const { basePath, frameAncestors } = siteOf(c);
    const account = await accountOf(c);
    const page: Page = {
      words: wordsIn(set, language),
      language,
      theme: themeOf(c),
      role: account?.role ?? "guest",
      account: account?.displayName ?? "",
      accountId: account?.id ?? "",
      here: encodeURIComponent(hereIn(c)),
      files: set,
      basePath,
      at: (path) => basePath + path,
      file: (name) => `${basePath}/static/${set.version}/${name}`,
    };
    return c.html(`<!DOCTYPE html>${await component({ ...props, page })}`, {
      headers: {
        ...SECURITY_HEADERS,
        // Browsers that know `frame-ancestors` ignore this one.
        ...(!frameAncestors.length && { "x-frame-options": "DENY" }),
        "content-security-policy": policy(styleNonce, frameAncestors),
        // Going back after signing out must not show what only the account may see.
        "cache-control": account ? "private, no-store" : "private, no-cache",
        "content-language": language,
        vary: "Accept-Language, Cookie",
      },
    });
  };
  return {
    show,
    refuse(c, status, about) {
      c.status(status);
      return show(c, MessagePage, { about });
    },
  };
}

/** Whether pages are written in a language. */
export function isLanguage(tag: unknown): tag is Language {
  return tag === "zh-Hant" || tag === "en";
}

function themeOf(c: Context): Page["theme"] {
  const theme = getCookie(c, "theme");
  return theme === "light" || theme === "dark" ? theme : "system";
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
