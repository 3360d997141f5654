/** Every page, rendered without a service: for tests of what pages are made of. */
import { Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import type { ListedDocument } from "../../rooms/documents/document_list.ts";
import { pathBelow, standsAt } from "../../routes/pages/base_path.ts";
import type { Language } from "../../routes/pages/page.ts";
import { pages, type PagesOptions } from "../../routes/pages/pages.ts";

/** Options of pages without rooms, documents and accounts. */
export const PAGES: PagesOptions = {
  language: "zh-Hant",
  maxMessageLength: 4_000,
  maxFileBytes: 10_000_000,
  auth: "guests",
  signup: "open",
  sheetName: undefined,
  retentionDays: 0,
  editMinutes: 1_440,
  accountOf: () => Promise.resolve(undefined),
  permissionsOf: () =>
    Promise.resolve({ title: "", isPrivate: false, isReadOnly: false, creator: undefined, members: [] }),
  documentOf: () => Promise.resolve(undefined),
};

/** A name that would break a page if it weren't escaped. */
export const NASTY = `</script>"<b>'&amp;{{page.room}}`;

/** Where each page is, by the one that it is, and who sees it there. */
const ADDRESSES: Readonly<Record<string, readonly [path: string, role?: Account["role"]]>> = {
  lobby: ["/chat/"],
  room: ["/chat/lobby/"],
  "room of an account": ["/chat/lobby/", "user"],
  "room settings": ["/chat/lobby/settings/", "admin"],
  documents: ["/docs/", "user"],
  document: ["/docs/one/", "user"],
  "document's reader": ["/docs/one/"],
  reports: ["/reports/?room=lobby", "user"],
  admin: ["/admin/", "admin"],
  account: ["/account/", "user"],
  "sign in": ["/account/sign-in/?to=/docs/"],
  "sign up": ["/account/sign-up/?to=/docs/"],
  help: ["/help/"],
  "not found": ["/nothing"],
  forbidden: ["/admin/", "user"],
  "bad room": ["/chat/a%20b/"],
  "too fast": ["/help/"],
};

/** A page as it is sent. */
export interface RenderedPage {
  readonly name: string;
  readonly html: string;
}

/** Renders every page in a language, with a nasty name for whatever people choose. */
export async function everyPage(language: Language, basePath = ""): Promise<RenderedPage[]> {
  const document: ListedDocument = {
    id: "one",
    title: NASTY,
    createdAt: 0,
    createdBy: "ada",
    editedAt: 0,
    versionedAt: 0,
    authors: [],
  };
  return await Promise.all(
    Object.entries(ADDRESSES).map(async ([name, [path, role]]) => {
      const account = role &&
        { id: "1", username: "ada", displayName: NASTY, role, createdAt: "" } satisfies Account;
      const app = new Hono({ getPath: pathBelow(basePath) })
        .use(standsAt({ basePath, frameAncestors: [] }))
        .route(
          "/",
          pages({
            ...PAGES,
            accountOf: () => Promise.resolve(account),
            permissionsOf: async (room) => ({ ...await PAGES.permissionsOf(room), title: NASTY }),
            documentOf: () => Promise.resolve(document),
            sheetName: NASTY,
            waitOf: () => name === "too fast" ? 1_000 : 0,
          }),
        );
      const headers = { accept: "text/html", cookie: `language=${language}` };
      const answer = await app.request(basePath + path, { headers });
      return { name, html: await answer.text() };
    }),
  );
}
