/** The pages of documents: the list, and one document to edit or, for guests, to read. */
import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import type { ListedDocument } from "../../rooms/documents/document_list.ts";
import { DOCUMENT_ID } from "../../rooms/documents/documents.ts";
import { mayManage, mayRead } from "../../rooms/documents/document_access.ts";
import { userOf } from "../authentication.ts";
import { Check, Field, TextField } from "./form.tsx";
import { AccountLink, Actions, Bar, Bell, Settings } from "./header.tsx";
import { Icon, Layout } from "./layout.tsx";
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
      // Whoever was sent the address may be one of those it is for.
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

/** `/docs/`. */
function DocumentsPage({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["doc.list_title"]}
      stylesheet="documents/documents_page.css"
      words={["docs", "form"]}
      modules={["documents/documents.js", "notifications/bell.js"]}
    >
      <Bar page={page} title={words["doc.list_title"]} />
      <main class="documents">
        <p>{words["doc.list_lead"]}</p>
        <form class="form documents__form" data-part="create" data-for="account">
          <TextField
            label={words["doc.new_title"]}
            name="title"
            required
            maxlength={200}
            placeholder={words["doc.new_placeholder"]}
            autocomplete="off"
          />
          <Check name="private" label={words["doc.private"]} />
          <p class="documents__trouble" data-part="error" role="alert"></p>
          <button class="button" type="submit" disabled>{words["doc.create"]}</button>
        </form>
        <p data-for="guest">
          <a class="button" href={page.at(`/account/sign-in/?to=${page.here}`)}>
            {words["doc.sign_in_to_edit"]}
          </a>
        </p>
        <section aria-labelledby="documents">
          <h2 class="documents__heading" id="documents">{words["doc.documents"]}</h2>
          <noscript>
            <p class="notice">{words["doc.list_needs_script"]}</p>
          </noscript>
          <TextField
            label={words["doc.search"]}
            data-part="search"
            type="search"
            maxlength={200}
            autocomplete="off"
          />
          <p class="documents__none" data-part="none" role="status"></p>
          <ul class="documents__list" data-part="documents"></ul>
          <button class="button button--quiet" data-part="older" type="button" hidden>
            {words["doc.older"]}
          </button>
        </section>
        <p class="documents__none" data-part="told" role="status"></p>
        <section aria-labelledby="deleted" data-part="deleted-part" hidden>
          <h2 class="documents__heading" id="deleted">{words["doc.deleted"]}</h2>
          <ul class="documents__list" data-part="deleted"></ul>
        </section>
      </main>
      <template data-template="document">
        <li>
          <a class="documents__row">
            <span class="documents__title" data-part="title" dir="auto"></span>
            <span class="documents__fact" data-part="fact"></span>
          </a>
        </li>
      </template>
      <template data-template="deleted">
        <li class="documents__row documents__row--deleted">
          <span class="documents__title" data-part="title" dir="auto"></span>
          <span class="documents__fact" data-part="fact"></span>
          <button class="button button--quiet" data-part="restore" type="button">
            {words["doc.undelete"]}
          </button>
        </li>
      </template>
    </Layout>
  );
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
        <a class="icon-button" href={page.at("/docs/")} aria-label={words["doc.back"]}>
          <Icon name="back" />
        </a>
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
          <button
            class="icon-button"
            data-part="versions-open"
            type="button"
            aria-label={words["doc.versions"]}
            title={words["doc.versions"]}
          >
            <Icon name="versions" />
          </button>
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
            <button class="button button--quiet" data-part="copy" type="button">{words["doc.copy"]}</button>
            <button class="button button--quiet" data-part="discard" type="button">
              {words["doc.discard"]}
            </button>
          </span>
          <a href={page.at(`/api/documents/${document}/text?as=txt`)} download>{words["doc.download_txt"]}</a>
          <a href={page.at(`/api/documents/${document}/text?as=md`)} download>{words["doc.download_md"]}</a>
          <button class="button button--quiet" data-part="sharing-open" type="button" hidden>
            {words["doc.sharing"]}
          </button>
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
      <dialog class="dialog versions" data-part="versions" aria-labelledby="versions-title">
        <div class="versions__head">
          <h2 class="dialog__title" id="versions-title">{words["doc.versions"]}</h2>
          <button
            class="icon-button"
            data-part="versions-close"
            type="button"
            aria-label={words["doc.close"]}
          >
            <Icon name="close" />
          </button>
        </div>
        <p class="form__hint">{words["doc.versions_hint"]}</p>
        <p data-part="versions-none" hidden>{words["doc.no_versions"]}</p>
        <ul class="versions__list" data-part="versions-list"></ul>
        <pre class="versions__text" data-part="version-text" tabindex={0} dir="auto" hidden></pre>
        <p class="versions__trouble" data-part="versions-trouble" role="alert"></p>
        <button class="button" data-part="restore" type="button" hidden>{words["doc.restore"]}</button>
      </dialog>
      <dialog class="dialog versions" data-part="sharing" aria-labelledby="sharing-title">
        <div class="versions__head">
          <h2 class="dialog__title" id="sharing-title">{words["doc.sharing"]}</h2>
          <button class="icon-button" data-part="sharing-close" type="button" aria-label={words["doc.close"]}>
            <Icon name="close" />
          </button>
        </div>
        <form class="form" data-part="sharing-form" method="post">
          <Check name="private" label={words["doc.private"]} />
          <Field label={words["doc.members"]} hint={words["doc.members_hint"]}>
            <textarea class="form__input" name="members" rows={4} autocapitalize="off" spellcheck={false}>
            </textarea>
          </Field>
          <p class="form__error" data-part="error" role="alert"></p>
          <p class="form__done" data-part="done" role="status"></p>
          <button class="button" type="submit" disabled>{words["doc.save"]}</button>
        </form>
        <p class="form__hint">{words["doc.delete_hint"]}</p>
        <button class="button button--quiet" data-part="sharing-delete" type="button">
          {words["doc.delete"]}
        </button>
      </dialog>
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
        <a class="icon-button" href={page.at("/docs/")} aria-label={words["doc.back"]}>
          <Icon name="back" />
        </a>
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
