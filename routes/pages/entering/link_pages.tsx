/** `/account/link/<link>`: signs somebody in, once. */
import type { Hono } from "hono";
import type { Account } from "../../../rooms/access/accounts.ts";
import { type Credentials, SESSION_LIFE_MS } from "../../../rooms/access/credentials.ts";
import type { SignInLinks } from "../../../rooms/access/invitations/sign_in_links.ts";
import { type Bindings, SESSION_COOKIE } from "../../authentication.ts";
import { dropCookie, keepCookie } from "../../cookies.ts";
import type { JoinPagesOptions } from "./join_pages.tsx";
import type { Markup, PageProps } from "../page.ts";
import type { PageView } from "../page_view.ts";
import { EnteringPage } from "./entering_page.tsx";
import { secretLink } from "./secret_link.ts";

/** What the pages of sign-in links work with. */
export interface LinkPagesOptions extends Pick<JoinPagesOptions, "trustProxy" | "requireAllowedOrigin"> {
  readonly signInLinks: SignInLinks;
  readonly accountById: (id: string) => Promise<Account | undefined>;
  readonly sessions: Pick<Credentials, "issue">;
}

const LINK_COOKIE = "link";
const MAX_BROWSER_LENGTH = 200;

/** The pages of sign-in links. */
export function linkPages(options: LinkPagesOptions & { view: PageView }): Hono<{ Bindings: Bindings }> {
  const { view, signInLinks, accountById, sessions, trustProxy, requireAllowedOrigin } = options;

  return secretLink({
    ...{ path: "/account/link/", cookie: LINK_COOKIE, trustProxy, requireAllowedOrigin },
    show: async (c, link) => {
      const id = await signInLinks.find(link);
      const account = id === undefined ? undefined : await accountById(id);
      if (!account) return await view.refuse(c, 404, "link");
      return await view.show(c, LinkPage, { name: account.displayName });
    },
    redeem: async (c, link) => {
      const id = await signInLinks.redeem(link);
      dropCookie(c, LINK_COOKIE, { trustProxy });
      if (id === undefined || !await accountById(id)) return await view.refuse(c, 404, "link");
      const name = (c.req.header("user-agent") ?? "").slice(0, MAX_BROWSER_LENGTH);
      const { text } = await sessions.issue(id, { name, role: "own", lifeMs: SESSION_LIFE_MS });
      keepCookie(c, SESSION_COOKIE, text, { trustProxy, lifeMs: SESSION_LIFE_MS });
      return c.redirect("/chat/", 303);
    },
  });
}

function LinkPage({ page, name }: PageProps & { name: string }): Markup {
  const { words } = page;
  return (
    <EnteringPage page={page} title={words["account.sign_in"]}>
      <p>{words["join.as"]}</p>
      <h1 class="account__title" dir="auto">{name}</h1>
      <form class="form" action={page.at("/account/link/")} method="post">
        <button class="button" type="submit">{words["account.sign_in"]}</button>
      </form>
    </EnteringPage>
  );
}
