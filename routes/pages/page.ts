/** What every page is made of: words, who is signed in, and addresses. */
import type { HtmlEscapedString } from "hono/utils/html";
import type { Account } from "../../rooms/access/accounts.ts";
import type { Words } from "../translations.ts";
import type { FileSet } from "./static_files.ts";

/** A language of the pages, as a BCP 47 tag. */
export type Language = "zh-Hant" | "en";

/** One answer's view of the service. */
export interface Page {
  readonly words: Words;
  readonly language: Language;
  readonly theme: "light" | "dark" | "system";
  /** Who is signed in. */
  readonly role: "guest" | Account["role"];
  /** The name that others read, or "" for guests. */
  readonly account: string;
  readonly accountId: string;
  /** The page's own address below the base path, encoded as a value of a query, to come back to. */
  readonly here: string;
  readonly files: FileSet;
  /** Where the service is below its host, without a slash at the end; "" for the whole host. */
  readonly basePath: string;
  /** The address of a path of the service: `at("/chat/")`. */
  at(path: string): string;
  /** The address of a file of `static/` in its present version: `file("favicon.svg")`. */
  file(name: string): string;
}

/** What a component makes. */
export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** What every component of a page is given. */
export interface PageProps {
  readonly page: Page;
}
