import { QuietButton } from "./parts/button.tsx";
import { Check, TextField } from "./parts/form.tsx";
import { Bar } from "./parts/header.tsx";
import { Layout, NoScript } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";

/** `/docs/`. */
export function DocumentsPage({ page }: PageProps): Markup {
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
          <NoScript notice={words["doc.list_needs_script"]} />
          <TextField
            label={words["doc.search"]}
            data-part="search"
            type="search"
            maxlength={200}
            autocomplete="off"
          />
          <p class="documents__none" data-part="none" role="status"></p>
          <ul class="documents__list" data-part="documents"></ul>
          <QuietButton data-part="older" hidden>{words["doc.older"]}</QuietButton>
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
          <QuietButton data-part="restore">{words["doc.undelete"]}</QuietButton>
        </li>
      </template>
    </Layout>
  );
}
