/** The pages to sign in and to make an account. */
import { DisplayNameField, FormEnd, PasswordField, UsernameField } from "../parts/form.tsx";
import { NoScript } from "../parts/layout.tsx";
import type { Markup, PageProps } from "../page.ts";
import { EnteringPage } from "./entering_page.tsx";

/** `/account/sign-in/`; `to` is the path that it leads to. */
export function SignInPage(
  { page, to, signup }: PageProps & { to: string; signup: "open" | "closed" },
): Markup {
  const { words } = page;
  return (
    <EnteringPage page={page} title={words["account.sign_in"]} module="account/sign_in.js" signup={signup}>
      <h1 class="account__title">{words["account.sign_in"]}</h1>
      <p class="form__done" data-part="told" role="status"></p>
      <form class="form" data-part="sign-in" data-to={to} method="post">
        <UsernameField label={words["account.username"]} />
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
    </EnteringPage>
  );
}

/** `/account/sign-up/`; `to` is the path that it leads to. */
export function SignUpPage({ page, to }: PageProps & { to: string }): Markup {
  const { words } = page;
  return (
    <EnteringPage
      page={page}
      title={words["account.sign_up"]}
      module="account/sign_up.js"
      back={{
        href: page.at(`/account/sign-in/?to=${encodeURIComponent(to)}`),
        label: words["account.sign_in"],
      }}
    >
      <h1 class="account__title">{words["account.sign_up"]}</h1>
      <p class="form__done" data-part="made" role="status"></p>
      <p>
        <a class="button" data-part="go-on" href={page.at(to)} hidden>{words["account.go_on"]}</a>
      </p>
      <form class="form" data-part="sign-up" data-to={to} method="post">
        <UsernameField label={words["account.username"]} hint={words["account.username_hint"]} />
        <DisplayNameField page={page} />
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
    </EnteringPage>
  );
}
