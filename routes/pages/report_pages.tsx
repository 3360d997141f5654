/** `/reports/`: one's reports, and the form to ask for one. What it does, it does by the API. */
import { QuietButton } from "./parts/button.tsx";
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import { ROOM_NAME } from "../../rooms/room.ts";
import { hereIn } from "./base_path.ts";
import { Field, FormEnd, RoomField, TextField } from "./parts/form.tsx";
import { Bar } from "./parts/header.tsx";
import { Layout, NoScript, Part } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";
import type { PageView } from "./page_view.ts";

/** The route of `/reports/`; `?room=` fills the form. `accountOf` resolves to the account that is signed in. */
export function reportPages(options: {
  view: PageView;
  accountOf: (c: Context) => Promise<Account | undefined>;
}): Hono {
  const { view, accountOf } = options;
  return new Hono().get("/reports/", async (c) => {
    if (!await accountOf(c)) {
      return c.redirect(`/account/sign-in/?to=${encodeURIComponent(hereIn(c))}`);
    }
    const room = (c.req.query("room") ?? "").normalize("NFC");
    return view.show(c, ReportsPage, { room: ROOM_NAME.test(room) ? room : "" });
  });
}

/** `/reports/`; `room` fills the form. */
function ReportsPage({ page, room }: PageProps & { room: string }): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["reports.title"]}
      stylesheet="reports/reports_page.css"
      words={["form", "report"]}
      modules={["reports/reports.js", "notifications/bell.js"]}
    >
      <Bar page={page} title={words["reports.title"]} />
      <main class="account reports">
        <Part id="request" title={words["reports.request_title"]}>
          <p class="form__hint">{words["reports.lead"]}</p>
          <form class="form" data-part="request" method="post">
            <RoomField page={page} value={room} />
            <Field label={words["reports.type"]}>
              <select class="form__input" name="type">
                <option value="transcript">{words["reports.type_transcript"]}</option>
                <option value="activity">{words["reports.type_activity"]}</option>
              </select>
            </Field>
            <div class="reports__period">
              <TextField label={words["reports.from"]} name="from" type="date" />
              <TextField label={words["reports.to"]} name="to" type="date" />
            </div>
            <p class="form__hint">{words["reports.period_hint"]}</p>
            <FormEnd submit={words["reports.request"]} />
          </form>
        </Part>
        <Part id="list" title={words["reports.list_title"]}>
          <p class="form__error" data-part="trouble" role="alert"></p>
          <p class="notice" data-part="connection" role="status"></p>
          <ul class="reports__list" data-part="list"></ul>
        </Part>
        <NoScript notice={words["reports.needs_script"]} />
      </main>
      <template data-template="report">
        <li class="report">
          <h3 class="report__name" data-part="name" dir="auto"></h3>
          <p class="report__facts">
            <span data-part="period"></span> · <span data-part="expires"></span>
          </p>
          <progress class="report__bar" data-part="bar" max="100"></progress>
          <p class="report__state" data-part="state" role="status"></p>
          <p class="report__actions">
            <a class="button" data-part="download" download>{words["reports.download"]}</a>
            <a class="button button--quiet" data-part="download-csv" download>
              {words["reports.download_csv"]}
            </a>
            <QuietButton data-part="cancel">{words["reports.cancel"]}</QuietButton>
            <QuietButton data-part="remove">{words["reports.remove"]}</QuietButton>
          </p>
        </li>
      </template>
    </Layout>
  );
}
