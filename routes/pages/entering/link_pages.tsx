/** `/account/link/<link>`: signs somebody in once; like an invitation's, its secret moves from the address into a cookie. */
import { Hono } from "hono";
import type { Account } from "../../../rooms/access/accounts.ts";
import { type Credentials, SESSION_LIFE_MS } from "../../../rooms/access/credentials.ts";
import type { SignInLinks } from "../../../rooms/access/invitations/sign_in_links.ts";
import { type Bindings, cookieIn, SESSION_COOKIE } from "../../authentication.ts";
import { dropCookie, keepCookie } from "../../cookies.ts";
import { HttpError } from "../../errors.ts";
import type { JoinPagesOptions } from "./join_pages.tsx";
import { IconLink, Settings } from "../parts/header.tsx";
import { Layout } from "../parts/layout.tsx";
import type { Markup, PageProps } from "../page.ts";
import type { PageView } from "../page_view.ts";

/** What the pages of sign-in links work with. */
export interface LinkPagesOptions extends Pick<JoinPagesOptions, "trustProxy" | "isAllowedOrigin"> {
  readonly signInLinks: SignInLinks;
  readonly accountById: (id: string) => Promise<Account | undefined>;
  readonly sessions: Pick<Credentials, "issue">;
}

const LINK_COOKIE = "link";
const LINK_COOKIE_MS = 15 * 60 * 1000;
const MAX_BROWSER_LENGTH = 200;

/** The pages of sign-in links. */
export function linkPages(options: LinkPagesOptions & { view: PageView }): Hono<{ Bindings: Bindings }> {
  const { view, signInLinks, accountById, sessions, trustProxy } = options;
  const app = new Hono<{ Bindings: Bindings }>();

  app.get("/account/link/:link", (c) => {
    keepCookie(c, LINK_COOKIE, c.req.param("link"), { trustProxy, lifeMs: LINK_COOKIE_MS });
    c.header("referrer-policy", "no-referrer");
    c.header("cache-control", "no-store");
    return c.redirect("/account/link/");
  });

  app.get("/account/link/", async (c) => {
    const id = await signInLinks.find(cookieIn(c, LINK_COOKIE, trustProxy) ?? "");
    const account = id === undefined ? undefined : await accountById(id);
    if (!account) return await view.refuse(c, 404, "link");
    return await view.show(c, LinkPage, { name: account.displayName });
  });

  app.post("/account/link/", async (c) => {
    if (!options.isAllowedOrigin(c)) {
      throw new HttpError(
        403,
        "origin_not_allowed",
        "Pages of this origin may not do this: see ALLOWED_ORIGINS",
      );
    }
    const id = await signInLinks.redeem(cookieIn(c, LINK_COOKIE, trustProxy) ?? "");
    dropCookie(c, LINK_COOKIE, { trustProxy });
    if (id === undefined || !await accountById(id)) return await view.refuse(c, 404, "link");
    const name = (c.req.header("user-agent") ?? "").slice(0, MAX_BROWSER_LENGTH);
    const { text } = await sessions.issue(id, { name, role: "own", lifeMs: SESSION_LIFE_MS });
    keepCookie(c, SESSION_COOKIE, text, { trustProxy, lifeMs: SESSION_LIFE_MS });
    return c.redirect("/chat/", 303);
  });

  return app;
}

function LinkPage({ page, name }: PageProps & { name: string }): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["account.sign_in"]}
      stylesheet="account/account_page.css"
      modules={["shared/page.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <IconLink href={page.at("/chat/")} label={words["room.back"]} icon="back" />
        <p class="bar__brand">{words["app.name"]}</p>
        <nav class="bar__actions">
          <Settings page={page} />
        </nav>
      </header>
      <main class="account">
        <p>{words["join.as"]}</p>
        <h1 class="account__title" dir="auto">{name}</h1>
        <form class="form" action={page.at("/account/link/")} method="post">
          <button class="button" type="submit">{words["account.sign_in"]}</button>
        </form>
      </main>
    </Layout>
  );
}
