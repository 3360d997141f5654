/** The pages to sign in and to make an account. */
import { FormEnd, PasswordField, TextField } from "./parts/form.tsx";
import { IconLink, Settings } from "./parts/header.tsx";
import { Layout, NoScript } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";

/** `/account/sign-in/`; `to` is the path that it leads to. */
export function SignInPage(
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
        <IconLink href={page.at("/chat/")} label={words["room.back"]} icon="back" />
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
          <PasswordField label={words["account.password"]} name="password" autocomplete="current-password" />
          <FormEnd submit={words["account.sign_in"]} />
          <a
            class="button button--quiet account__sign-up"
            href={page.at(`/account/sign-up/?to=${encodeURIComponent(to)}`)}
          >
            {words["account.sign_up"]}
          </a>
        </form>
        <NoScript notice={words["account.needs_script"]} />
      </main>
    </Layout>
  );
}

/** `/account/sign-up/`; `to` is the path that it leads to. */
export function SignUpPage({ page, to }: PageProps & { to: string }): Markup {
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
        <IconLink
          href={page.at(`/account/sign-in/?to=${encodeURIComponent(to)}`)}
          label={words["account.sign_in"]}
          icon="back"
        />
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
          <PasswordField
            label={words["account.password"]}
            hint={words["account.password_hint"]}
            name="password"
            minlength={10}
            autocomplete="new-password"
          />
          <FormEnd submit={words["account.sign_up"]} />
        </form>
        <NoScript notice={words["account.needs_script"]} />
      </main>
    </Layout>
  );
}
