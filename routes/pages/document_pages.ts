/** The pages of documents: the list, and one document to edit or, for guests, to read. */
import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import type { ListedDocument } from "../../rooms/documents/document_list.ts";
import { DOCUMENT_ID } from "../../rooms/documents/documents.ts";
import { mayManage, mayRead } from "../../rooms/documents/document_access.ts";
import { userOf } from "../authentication.ts";
import type { PageView } from "./page_view.ts";

export function documentPages(options: {
  view: PageView;
  accountOf: (c: Context) => Promise<Account | undefined>;
  documentOf: (id: string) => Promise<ListedDocument | undefined>;
}): Hono {
  const { view, accountOf, documentOf } = options;
  const app = new Hono();

  app.get("/docs/", (c) => view.show(c, "documents.html"));

  app.get("/docs/:id/", async (c, next) => {
    const id = c.req.param("id").normalize("NFC");
    const document = DOCUMENT_ID.test(id) ? await documentOf(id) : undefined;
    const account = await accountOf(c);
    const isEditor = account !== undefined;
    // A document that a program names comes to be with its first edit; guests find nothing there before.
    if (!DOCUMENT_ID.test(id) || (!document && !isEditor) || document?.deletedAt !== undefined) {
      return await next();
    }
    if (document && !mayRead(document, account ? userOf(account) : { id: "" })) {
      // Whoever was sent the address may be one of those it is for.
      return account ? await next() : c.redirect(`/account/sign-in/?to=${encodeURIComponent(c.req.path)}`);
    }
    const mayChange = account && document && mayManage(document, userOf(account));
    const title = document?.title ?? "";
    // CodeMirror makes its styles while it runs.
    const nonce: Record<string, string> = isEditor ? { style_nonce: randomBytes(16).toString("base64") } : {};
    return view.show(c, isEditor ? "document.html" : "document_reader.html", (words) => ({
      ...nonce,
      document: id,
      may_manage: String(mayChange ?? false),
      private: String(document?.isPrivate ?? false),
      title,
      heading: title || words["doc.untitled"],
    }));
  });

  return app;
}
