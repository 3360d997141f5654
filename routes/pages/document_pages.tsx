/** The pages of documents: the list, and one document to edit or, for guests, to read. */
import { IconButton, QuietButton } from "./parts/button.tsx";
import { Dialog } from "./parts/dialog.tsx";
import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import type { ListedDocument } from "../../rooms/documents/document_list.ts";
import { DOCUMENT_ID } from "../../rooms/documents/documents.ts";
import { mayManage, mayRead } from "../../rooms/documents/document_access.ts";
import { userOf } from "../authentication.ts";
import { DocumentsPage } from "./documents_page.tsx";
import { Check, FormEnd, NamesField } from "./parts/form.tsx";
import { AccountLink, Actions, Bell, IconLink, Settings } from "./parts/header.tsx";
import { Layout } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";
import type { PageView } from "./page_view.ts";

/**
 * The routes of `/docs/`. `accountOf` resolves to the account that is signed in, `documentOf` to a stored document.
 */
export function documentPages(options: {
  view: PageView;
  accountOf: (c: Context) => Promise<Account | undefined>;
  documentOf: (id: string) => Promise<ListedDocument | undefined>;
}): Hono {
  const { view, accountOf, documentOf } = options;
  const app = new Hono();

  app.get("/docs/", (c) => view.show(c, DocumentsPage, {}));

  app.get("/docs/:id/", async (c, next) => {
    const id = c.req.param("id").normalize("NFC");
    const document = DOCUMENT_ID.test(id) ? await documentOf(id) : undefined;
    const account = await accountOf(c);
    // A document that a program names comes to be with its first edit; guests find nothing there before.
    if (!DOCUMENT_ID.test(id) || (!document && !account) || document?.deletedAt !== undefined) {
      return await next();
    }
    if (document && !mayRead(document, account ? userOf(account) : { id: "" })) {
      // A visitor with the address may have an account that may read it.
      return account ? await next() : c.redirect(`/account/sign-in/?to=${encodeURIComponent(c.req.path)}`);
    }
    const title = document?.title ?? "";
    if (!account) return view.show(c, DocumentReaderPage, { document: id, title });
    const mayManageIt = document !== undefined && mayManage(document, userOf(account));
    // CodeMirror makes its styles while it runs.
    const styleNonce = randomBytes(16).toString("base64");
    return view.show(
      c,
      DocumentPage,
      { document: id, title, mayManage: mayManageIt, styleNonce },
      styleNonce,
    );
  });

  return app;
}

interface DocumentProps extends PageProps {
  /** The document's id. */
  readonly document: string;
  /** "" where it has none. */
  readonly title: string;
}

interface EditorProps extends DocumentProps {
  readonly mayManage: boolean;
  /** Lets styles in that the editor makes while it runs. */
  readonly styleNonce: string;
}

/** `/docs/:id/` for who may edit it. */
function DocumentPage({ page, document, title, mayManage, styleNonce }: EditorProps): Markup {
  const { words } = page;
  const heading = title || words["doc.untitled"];
  const body = {
    class: "document",
    "data-document": document,
    "data-account": page.account,
    "data-may-manage": String(mayManage),
    "data-style-nonce": styleNonce,
  };
  return (
    <Layout
      page={page}
      title={`${heading} · ${words["doc.list_title"]}`}
      stylesheet="documents/document_page.css"
      preload="built/editor.js"
      body={body}
      words={["docs", "form"]}
      modules={["built/editor.js", "notifications/bell.js"]}
    >
      <header class="bar document__bar">
        <IconLink href={page.at("/docs/")} label={words["doc.back"]} icon="back" />
        <h1 class="skip">{heading}</h1>
        <input
          class="document__title"
          data-part="title"
          value={title}
          maxlength={200}
          placeholder={words["doc.untitled"]}
          aria-label={words["doc.title"]}
          autocomplete="off"
          dir="auto"
        />
        <nav class="bar__actions">
          <IconButton
            icon="versions"
            label={words["doc.versions"]}
            data-part="versions-open"
            title={words["doc.versions"]}
          />
          <Bell page={page} />
          <AccountLink page={page} />
          <Settings page={page} />
        </nav>
      </header>
      <main class="document__main">
        <div class="document__state" role="group" aria-label={words["doc.actions"]}>
          <span class="document__saved" data-part="saved" role="status"></span>
          <a data-part="sign-in" href={page.at(`/account/sign-in/?to=${page.here}`)} hidden>
            {words["doc.sign_in_to_edit"]}
          </a>
          <span class="document__rescue" data-part="rescue" hidden>
            <QuietButton data-part="copy">{words["doc.copy"]}</QuietButton>{" "}
            <QuietButton data-part="discard">{words["doc.discard"]}</QuietButton>
          </span>
          <a href={page.at(`/api/documents/${document}/text?as=txt`)} download>{words["doc.download_txt"]}</a>
          <a href={page.at(`/api/documents/${document}/text?as=md`)} download>{words["doc.download_md"]}</a>
          <QuietButton data-part="sharing-open" hidden>{words["doc.sharing"]}</QuietButton>
          <ul class="document__people" data-part="people" aria-label={words["doc.people"]}></ul>
        </div>
        <div
          class="document__paper"
          data-part="paper"
          data-label={words["doc.text"]}
          data-placeholder={words["doc.placeholder"]}
        >
          <noscript>
            <p class="document__text">{words["doc.needs_script"]}</p>
          </noscript>
        </div>
      </main>
      <Dialog page={page} part="versions" title={words["doc.versions"]} class="versions">
        <p class="form__hint">{words["doc.versions_hint"]}</p>
        <p data-part="versions-none" hidden>{words["doc.no_versions"]}</p>
        <ul class="versions__list" data-part="versions-list"></ul>
        <pre class="versions__text" data-part="version-text" tabindex={0} dir="auto" hidden></pre>
        <p class="versions__trouble" data-part="versions-trouble" role="alert"></p>
        <button class="button" data-part="restore" type="button" hidden>{words["doc.restore"]}</button>
      </Dialog>
      <Dialog page={page} part="sharing" title={words["doc.sharing"]} class="versions">
        <form class="form" data-part="sharing-form" method="post">
          <fieldset class="form__fields" disabled>
            <Check name="private" label={words["doc.private"]} />
            <NamesField
              label={words["doc.members"]}
              hint={words["doc.members_hint"]}
              name="members"
              rows={4}
            />
          </fieldset>
          <FormEnd submit={words["doc.save"]} confirms />
        </form>
        <p class="form__hint">{words["doc.delete_hint"]}</p>
        <QuietButton data-part="sharing-delete">{words["doc.delete"]}</QuietButton>
      </Dialog>
      <template data-template="person">
        <li>
          <span class="avatar" role="img"></span>
        </li>
      </template>
      <template data-template="version">
        <li>
          <button class="versions__row" type="button" aria-pressed="false"></button>
        </li>
      </template>
    </Layout>
  );
}

/** `/docs/:id/` for guests. */
function DocumentReaderPage({ page, document, title }: DocumentProps): Markup {
  const { words } = page;
  const heading = title || words["doc.untitled"];
  return (
    <Layout
      page={page}
      title={`${heading} · ${words["doc.list_title"]}`}
      stylesheet="documents/document_page.css"
      body={{ class: "document", "data-document": document }}
      modules={["documents/document_reader.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <IconLink href={page.at("/docs/")} label={words["doc.back"]} icon="back" />
        <h1 class="bar__brand" dir="auto">{heading}</h1>
        <Actions page={page} />
      </header>
      <main class="document__main">
        <div class="document__state">
          <span>{words["doc.read_only"]}</span>
          <a href={page.at(`/account/sign-in/?to=${page.here}`)}>{words["doc.sign_in_to_edit"]}</a>
          <a href={page.at(`/api/documents/${document}/text?as=txt`)} download>{words["doc.download_txt"]}</a>
          <a href={page.at(`/api/documents/${document}/text?as=md`)} download>{words["doc.download_md"]}</a>
        </div>
        <div class="document__paper">
          <div class="document__scroll" tabindex={0} role="region" aria-label={words["doc.text"]}>
            <pre class="document__text" data-part="text" dir="auto"></pre>
          </div>
        </div>
      </main>
    </Layout>
  );
}
