/** The pages of people's accounts: sign in, sign up, one's own account. What they do, they do by the API. */
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import { Check, TextField } from "./form.tsx";
import { Bell, Settings } from "./header.tsx";
import { Icon, Layout } from "./layout.tsx";
import type { Markup, PageProps } from "./page.ts";
import type { PageView } from "./page_view.ts";

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
        <a
          class="icon-button"
          data-part="back"
          href={page.at("/chat/")}
          aria-label={words["room.back"]}
          data-to-room={words["rules.back"]}
        >
          <Icon name="back" />
        </a>
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
        <section class="account__part" aria-labelledby="display-name">
          <h2 id="display-name">{words["account.display_name"]}</h2>
          <form class="form" data-part="change-name" method="post">
            <TextField
              label={words["account.display_name_new"]}
              hint={words["account.display_name_hint"]}
              name="display_name"
              maxlength={64}
              value={page.account}
              autocomplete="nickname"
            />
            <p class="form__error" data-part="error" role="alert"></p>
            <p class="form__done" data-part="done" role="status"></p>
            <button class="button" type="submit" disabled>{words["account.display_name_change"]}</button>
          </form>
        </section>
        <section class="account__part" aria-labelledby="password">
          <h2 id="password">{words["account.password_title"]}</h2>
          <form class="form" data-part="change-password" method="post">
            <TextField
              label={words["account.password_old"]}
              name="password"
              type="password"
              required
              maxlength={256}
              autocomplete="current-password"
            />
            <TextField
              label={words["account.password_new"]}
              hint={words["account.password_hint"]}
              name="new_password"
              type="password"
              required
              minlength={10}
              maxlength={256}
              autocomplete="new-password"
            />
            <Check name="keep_tokens" label={words["account.keep_tokens"]} />
            <p class="form__error" data-part="error" role="alert"></p>
            <p class="form__done" data-part="done" role="status"></p>
            <button class="button" type="submit" disabled>{words["account.password_change"]}</button>
          </form>
        </section>
        <section class="account__part" aria-labelledby="sessions">
          <h2 id="sessions">{words["account.sessions"]}</h2>
          <ul class="account__list" data-part="sessions"></ul>
          <button class="button button--quiet" data-part="end-others" type="button">
            {words["account.end_others"]}
          </button>
        </section>
        <section class="account__part" aria-labelledby="tokens">
          <h2 id="tokens">{words["account.tokens"]}</h2>
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
            <button class="button button--quiet" data-part="copy-token" type="button" hidden>
              {words["account.token_copy"]}
            </button>
            <button class="button" type="submit" disabled>{words["account.token_make"]}</button>
          </form>
        </section>
        <section class="account__part" aria-labelledby="delete">
          <h2 id="delete">{words["account.delete_title"]}</h2>
          <form class="form" data-part="delete-account" method="post">
            <p class="form__hint">{words["account.delete_hint"]}</p>
            <TextField
              label={words["account.password"]}
              name="password"
              type="password"
              required
              maxlength={256}
              autocomplete="current-password"
            />
            <p class="form__error" data-part="error" role="alert"></p>
            <button class="button button--danger" type="submit" disabled>{words["account.delete"]}</button>
          </form>
        </section>
        <noscript>
          <p class="notice">{words["account.needs_script"]}</p>
        </noscript>
      </main>
      <template data-template="pass">
        <li class="account__row">
          <p class="account__name" data-part="name" dir="auto"></p>
          <p class="account__fact" data-part="used"></p>
          <button class="button button--quiet" data-part="end" type="button">{words["account.end"]}</button>
        </li>
      </template>
    </Layout>
  );
}

/** `/account/sign-in/`; `to` is the path that it leads to. */
function SignInPage(
  { page, to, signup }: PageProps & { to: string; signup: "open" | "closed" },
): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["account.sign_in"]}
      stylesheet="account/account_page.css"
      words={["form"]}
      modules={["account/sign_in.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <a class="icon-button" href={page.at("/chat/")} aria-label={words["room.back"]}>
          <Icon name="back" />
        </a>
        <p class="bar__brand">{words["app.name"]}</p>
        <nav class="bar__actions">
          <Settings page={page} />
        </nav>
      </header>
      <main data-signup={signup} class="account">
        <h1 class="account__title">{words["account.sign_in"]}</h1>
        <p class="form__done" data-part="told" role="status"></p>
        <form class="form" data-part="sign-in" data-to={to} method="post">
          <TextField
            label={words["account.username"]}
            name="username"
            required
            maxlength={64}
            autocomplete="username"
            autocapitalize="off"
            spellcheck={false}
          />
          <TextField
            label={words["account.password"]}
            name="password"
            type="password"
            required
            maxlength={256}
            autocomplete="current-password"
          />
          <p class="form__error" data-part="error" role="alert"></p>
          <button class="button" type="submit" disabled>{words["account.sign_in"]}</button>
          <a
            class="button button--quiet account__sign-up"
            href={page.at(`/account/sign-up/?to=${encodeURIComponent(to)}`)}
          >
            {words["account.sign_up"]}
          </a>
        </form>
        <noscript>
          <p class="notice">{words["account.needs_script"]}</p>
        </noscript>
      </main>
    </Layout>
  );
}

/** `/account/sign-up/`; `to` is the path that it leads to. */
function SignUpPage({ page, to }: PageProps & { to: string }): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["account.sign_up"]}
      stylesheet="account/account_page.css"
      words={["form"]}
      modules={["account/sign_up.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <a
          class="icon-button"
          href={page.at(`/account/sign-in/?to=${encodeURIComponent(to)}`)}
          aria-label={words["account.sign_in"]}
        >
          <Icon name="back" />
        </a>
        <p class="bar__brand">{words["app.name"]}</p>
        <nav class="bar__actions">
          <Settings page={page} />
        </nav>
      </header>
      <main class="account">
        <h1 class="account__title">{words["account.sign_up"]}</h1>
        <p class="form__done" data-part="made" role="status"></p>
        <p>
          <a class="button" data-part="go-on" href={page.at(to)} hidden>{words["account.go_on"]}</a>
        </p>
        <form class="form" data-part="sign-up" data-to={to} method="post">
          <TextField
            label={words["account.username"]}
            hint={words["account.username_hint"]}
            name="username"
            required
            maxlength={64}
            autocomplete="username"
            autocapitalize="off"
            spellcheck={false}
          />
          <TextField
            label={words["account.display_name"]}
            hint={words["account.display_name_hint"]}
            name="display_name"
            maxlength={64}
            autocomplete="nickname"
          />
          <TextField
            label={words["account.password"]}
            hint={words["account.password_hint"]}
            name="password"
            type="password"
            required
            minlength={10}
            maxlength={256}
            autocomplete="new-password"
          />
          <p class="form__error" data-part="error" role="alert"></p>
          <button class="button" type="submit" disabled>{words["account.sign_up"]}</button>
        </form>
        <noscript>
          <p class="notice">{words["account.needs_script"]}</p>
        </noscript>
      </main>
    </Layout>
  );
}
