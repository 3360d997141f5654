/** `/admin/`: the dashboard's page, for admins. What it shows and does, it asks the API for. */
import { QuietButton } from "./parts/button.tsx";
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import { AdminRows, ISOLATE_COLUMNS } from "./admin_rows.tsx";
import { Check, DisplayNameField, FormEnd, TextField, UsernameField } from "./parts/form.tsx";
import { Bar } from "./parts/header.tsx";
import { Layout, NoScript } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";
import type { PageView } from "./page_view.ts";

/** Figures in tiles, and their labels. */
const TILES = [
  ["online_users", "admin.online_users"],
  ["connections", "admin.connections"],
  ["rooms", "admin.rooms"],
  ["messages_per_second", "admin.messages_per_second"],
  ["messages_today", "admin.messages_today"],
  ["log_rows_today", "admin.log_rows_today"],
  ["log_pending", "admin.log_pending"],
  ["log_oldest_pending_seconds", "admin.log_lag"],
  ["log_dead", "admin.log_dead"],
  ["sheet_percent", "admin.sheet_percent"],
  ["errors", "admin.errors"],
  ["memory_mb", "admin.memory"],
  ["total_users", "admin.total_users"],
  ["uptime_seconds", "admin.uptime"],
] as const;

/** Figures in charts, their labels, and the value of `data-whole` of those that show the whole service in every scope. */
const CHARTS = [
  ["online_users", "admin.online_users"],
  ["connections", "admin.connections"],
  ["rooms", "admin.rooms"],
  ["messages_per_second", "admin.messages_per_second"],
  ["log_pending", "admin.log_pending", ""],
  ["log_oldest_pending_seconds", "admin.log_lag_seconds", ""],
  ["rows", "admin.rows"],
  ["errors", "admin.errors"],
  ["memory_mb", "admin.memory"],
] as const;

/** The route of `/admin/`. `accountOf` resolves to the account that is signed in. */
export function adminPages(options: {
  view: PageView;
  accountOf: (c: Context) => Promise<Account | undefined>;
}): Hono {
  const { view, accountOf } = options;
  return new Hono().get("/admin/", async (c) => {
    const account = await accountOf(c);
    if (!account) return c.redirect(`/account/sign-in/?to=${encodeURIComponent("/admin/")}`);
    return account.role === "admin" ? view.show(c, AdminPage, {}) : view.refuse(c, 403, "forbidden");
  });
}

/** `/admin/`. */
function AdminPage({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["admin.title"]}
      stylesheet="admin/admin_page.css"
      words={["form", "board", "sheet"]}
      modules={["admin/admin.js", "notifications/bell.js"]}
    >
      <Bar page={page} title={words["admin.title"]} />
      <main class="board">
        <p class="board__status" data-part="status" role="status">{words["room.connecting"]}</p>
        <NoScript notice={words["account.needs_script"]} />
        <section aria-labelledby="now">
          <h2 id="now" class="board__hidden">{words["admin.now"]}</h2>
          <dl class="tiles" data-part="tiles">
            {TILES.map(([figure, key]) => (
              <div class="tile">
                <dt>{words[key]}</dt>
                <dd data-figure={figure}>–</dd>
              </div>
            ))}
          </dl>
          <p class="board__log" data-part="log"></p>
        </section>
        <section class="board__part" aria-labelledby="charts">
          <div class="board__head">
            <h2 id="charts">{words["admin.charts"]}</h2>
            <label class="board__choice">
              <span>{words["admin.scope"]}</span>
              <select class="form__input" data-part="scope">
                <option value="">{words["admin.scope_all"]}</option>
              </select>
            </label>
          </div>
          <div class="charts" data-part="charts">
            {CHARTS.map(([figure, key, whole]) => (
              <figure class="chart" data-whole={whole}>
                <figcaption>{words[key]}</figcaption>
                <div class="chart__plot" data-chart={figure}></div>
              </figure>
            ))}
          </div>
          <p class="form__error" data-part="charts-trouble" role="alert"></p>
          <h3 id="isolates">{words["admin.isolates"]}</h3>
          <div class="board__wide" role="region" aria-labelledby="isolates" tabindex={0}>
            <table class="table">
              <thead>
                <tr>
                  {ISOLATE_COLUMNS.map(([, key]) => <th scope="col">{words[key]}</th>)}
                </tr>
              </thead>
              <tbody data-part="isolates"></tbody>
            </table>
          </div>
        </section>
        <section class="board__part">
          <h2 id="events" tabindex={-1}>{words["admin.events"]}</h2>
          <p class="form__hint" data-part="events-empty">{words["admin.events_empty"]}</p>
          <div class="board__feed" role="region" aria-labelledby="events" tabindex={0}>
            <ul class="board__list" data-part="events"></ul>
          </div>
        </section>
        <section class="board__part" aria-labelledby="sheet">
          <div class="board__head">
            <h2 id="sheet" tabindex={-1}>{words["admin.sheet"]}</h2>
            <QuietButton data-part="check-sheet">{words["admin.check_sheet"]}</QuietButton>
          </div>
          <p class="form__hint" data-part="sheet-check" role="status"></p>
        </section>
        <section class="board__part" aria-labelledby="dead">
          <div class="board__head">
            <h2 id="dead" tabindex={-1}>{words["admin.dead"]}</h2>
            <QuietButton data-part="retry-all" hidden>{words["admin.retry_all"]}</QuietButton>
          </div>
          <p class="form__hint" data-part="dead-empty">{words["admin.dead_empty"]}</p>
          <ul class="board__list" data-part="dead-letters"></ul>
        </section>
        <details class="board__part" data-part="rooms-part">
          <summary>
            <h2 id="rooms" tabindex={-1}>{words["admin.rooms_title"]}</h2>
          </summary>
          <TextField
            label={words["admin.rooms_filter"]}
            data-part="filter"
            type="search"
            maxlength={64}
            autocomplete="off"
          />
          <p class="form__hint">{words["admin.rooms_hint"]}</p>
          <p class="form__hint" data-part="rooms-empty">{words["admin.rooms_empty"]}</p>
          <ul class="board__list" data-part="rooms-list"></ul>
        </details>
        <details class="board__part" data-part="accounts-part">
          <summary>
            <h2 id="accounts" tabindex={-1}>{words["admin.accounts"]}</h2>
          </summary>
          <p class="form__done" role="status">
            <span data-part="account-told"></span>{" "}
            <code class="board__secret" data-part="account-password"></code>
          </p>
          <ul class="board__list" data-part="accounts"></ul>
          <h3>{words["admin.make_account"]}</h3>
          <form class="form" data-part="make-account" method="post">
            <UsernameField label={words["account.username"]} autocomplete="off" />
            <DisplayNameField page={page} autocomplete="off" />
            <Check name="admin" label={words["admin.make_account_admin"]} />
            <p class="form__hint">{words["admin.make_account_hint"]}</p>
            <FormEnd submit={words["admin.make_account"]} />
          </form>
        </details>
        <details class="board__part" data-part="tokens-part">
          <summary>
            <h2 id="tokens" tabindex={-1}>{words["admin.tokens"]}</h2>
          </summary>
          <p class="form__hint" data-part="tokens-empty">{words["admin.tokens_empty"]}</p>
          <ul class="board__list" data-part="admin-tokens"></ul>
        </details>
        <p class="form__error board__trouble" data-part="trouble" role="alert"></p>
      </main>
      <AdminRows page={page} />
    </Layout>
  );
}
