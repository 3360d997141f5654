/** The pages of people's accounts: sign in, sign up, one's own account. What they do, they do by the API. */
import { QuietButton } from "./parts/button.tsx";
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import { Check, DisplayNameField, FormEnd, PasswordField, TextField } from "./parts/form.tsx";
import { BackLink, Bell, Settings } from "./parts/header.tsx";
import { Layout, NoScript, Part } from "./parts/layout.tsx";
import { WatchForm } from "./parts/watch_fields.tsx";
import type { Markup, PageProps } from "./page.ts";
import type { PageView } from "./page_view.ts";
import { SignInPage, SignUpPage } from "./entering/sign_in_pages.tsx";

/** The routes of `/account/`. `accountOf` resolves to the account that is signed in. */
export function accountPages(options: {
  view: PageView;
  signup: "open" | "closed";
  accountOf: (c: Context) => Promise<Account | undefined>;
}): Hono {
  const { view, signup, accountOf } = options;
  const app = new Hono();

  app.get("/account/", async (c) => {
    const account = await accountOf(c);
    if (!account) return c.redirect(`/account/sign-in/?to=${encodeURIComponent("/account/")}`);
    return view.show(c, AccountPage, { username: account.username });
  });

  app.get("/account/sign-in/", async (c) => {
    const to = pathIn(c.req.query("to"));
    if (await accountOf(c)) return c.redirect(to);
    return view.show(c, SignInPage, { to, signup });
  });

  app.get("/account/sign-up/", async (c) => {
    const to = pathIn(c.req.query("to"));
    if (await accountOf(c)) return c.redirect(to);
    if (signup === "closed") return c.redirect(`/account/sign-in/?to=${encodeURIComponent(to)}`);
    return view.show(c, SignUpPage, { to });
  });

  return app;
}

/** A path of this service: a link to the sign-in page must not lead anywhere else afterwards. */
export function pathIn(to: string | undefined): string {
  const base = "http://here.invalid";
  if (!to?.startsWith("/") || !URL.canParse(to, base)) return "/chat/";
  const url = new URL(to, base);
  // A path with two slashes in front would be another host's when it is read again.
  return url.origin === base && !url.pathname.startsWith("//") ? url.pathname + url.search : "/chat/";
}

/** `/account/`. */
function AccountPage({ page, username }: PageProps & { username: string }): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["account.title"]}
      stylesheet="account/account_page.css"
      words={["form"]}
      modules={["shared/back_link.js", "account/account.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <BackLink page={page} />
        <h1 class="bar__brand">{words["account.title"]}</h1>
        <nav class="bar__actions">
          <Bell page={page} />
          <Settings page={page} />
        </nav>
      </header>
      <main class="account">
        <section class="account__part">
          <p class="account__who">
            <strong data-part="who" dir="auto">{page.account}</strong>{" "}
            <span class="account__fact" dir="auto">{username}</span>
          </p>
          <a class="button button--quiet" data-for="admin" href={page.at("/admin/")}>
            {words["admin.title"]}
          </a>
          <a class="button button--quiet" href={page.at("/reports/")}>{words["reports.link"]}</a>
          <button class="button" data-part="sign-out" type="button">{words["account.sign_out"]}</button>
          <p class="form__error" data-part="trouble" role="alert"></p>
        </section>
        <Part id="display-name" title={words["account.display_name"]}>
          <form class="form" data-part="change-name" method="post">
            <DisplayNameField page={page} label={words["account.display_name_new"]} value={page.account} />
            <FormEnd submit={words["account.display_name_change"]} confirms />
          </form>
        </Part>
        <Part id="password" title={words["account.password_title"]}>
          <form class="form" data-part="change-password" method="post">
            <PasswordField
              label={words["account.password_old"]}
              name="password"
              autocomplete="current-password"
            />
            <PasswordField
              label={words["account.password_new"]}
              hint={words["account.password_hint"]}
              name="new_password"
              minlength={10}
              autocomplete="new-password"
            />
            <Check name="keep_tokens" label={words["account.keep_tokens"]} />
            <FormEnd submit={words["account.password_change"]} confirms />
          </form>
        </Part>
        <Part id="watch" title={words["watch.title"]}>
          <WatchForm page={page} />
        </Part>
        <Part id="sessions" title={words["account.sessions"]}>
          <ul class="account__list" data-part="sessions"></ul>
          <QuietButton data-part="end-others">{words["account.end_others"]}</QuietButton>
        </Part>
        <Part id="tokens" title={words["account.tokens"]}>
          <p class="form__hint">{words["account.tokens_hint"]}</p>
          <ul class="account__list" data-part="tokens"></ul>
          <form class="form" data-part="make-token" method="post">
            <TextField
              label={words["account.token_name"]}
              name="name"
              required
              maxlength={64}
              autocomplete="off"
            />
            <TextField
              label={words["account.token_days"]}
              name="expires_in_days"
              type="number"
              min="1"
              max="3650"
              value="90"
            />
            <label class="form__check" data-for="admin">
              <input type="checkbox" name="service" />
              <span>{words["account.token_service"]}</span>
            </label>
            <p class="form__error" data-part="error" role="alert"></p>
            <p class="form__done" role="status">
              <span data-part="done"></span> <code class="account__secret" data-part="secret"></code>
            </p>
            <QuietButton data-part="copy-token" hidden>{words["account.token_copy"]}</QuietButton>
            <button class="button" type="submit" disabled>{words["account.token_make"]}</button>
          </form>
        </Part>
        <Part id="delete" title={words["account.delete_title"]}>
          <form class="form" data-part="delete-account" method="post">
            <p class="form__hint">{words["account.delete_hint"]}</p>
            <PasswordField
              label={words["account.password"]}
              name="password"
              autocomplete="current-password"
            />
            <p class="form__error" data-part="error" role="alert"></p>
            <button class="button button--danger" type="submit" disabled>{words["account.delete"]}</button>
          </form>
        </Part>
        <NoScript notice={words["account.needs_script"]} />
      </main>
      <template data-template="pass">
        <li class="account__row">
          <p class="account__name" data-part="name" dir="auto"></p>
          <p class="account__fact" data-part="used"></p>
          <QuietButton data-part="end">{words["account.end"]}</QuietButton>
        </li>
      </template>
    </Layout>
  );
}
