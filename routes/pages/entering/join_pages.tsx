/**
 * `/join/<code>`: the way in for somebody with an invitation.
 *
 * The link moves its code into a cookie for some minutes and leads on to `/join/`, so that the code stands in no history,
 * no `Referer` and no picture of a screen. Only pressing the button lets somebody in: programs that look at links in
 * messages use nothing up.
 */
import { type Context, Hono } from "hono";
import type { Opening } from "../../../rooms/access/invitations/invitations.ts";
import type { GuestIds } from "../../../rooms/access/guest_id.ts";
import type { RoomPermissions } from "../../../rooms/access/room_permissions.ts";
import { ANONYMOUS, cleanName, guest, type User } from "../../../rooms/user.ts";
import { type Bindings, cookieIn, GUEST_COOKIE } from "../../authentication.ts";
import { dropCookie, keepCookie } from "../../cookies.ts";
import type { Entrance } from "../../entrance.ts";
import { HttpError } from "../../errors.ts";
import { GUEST_COOKIE_MS } from "../../guest_cookie.ts";
import { TextField } from "../parts/form.tsx";
import { IconLink, Settings } from "../parts/header.tsx";
import { Layout } from "../parts/layout.tsx";
import type { Markup, PageProps } from "../page.ts";
import type { PageView } from "../page_view.ts";

/** What the pages of invitations work with. */
export interface JoinPagesOptions {
  readonly entrance: Entrance;
  readonly guestIds: GuestIds;
  readonly trustProxy: number;
  readonly permissionsOf: (room: string) => Promise<RoomPermissions>;
  /** The user of the account that is signed in. */
  readonly accountUserOf: (c: Context) => Promise<User | undefined>;
  readonly isAllowedOrigin: (c: Context) => boolean;
}

type JoinEnv = { Bindings: Bindings };

const INVITE_COOKIE = "invite";
const INVITE_COOKIE_MS = 15 * 60 * 1000;

/** The pages of invitations. */
export function joinPages({ view, ...options }: JoinPagesOptions & { view: PageView }): Hono<JoinEnv> {
  const { entrance, guestIds, permissionsOf, accountUserOf, trustProxy } = options;
  const app = new Hono<JoinEnv>();

  async function show(c: Context<JoinEnv>, opening: Opening | undefined): Promise<Response> {
    if (!opening) return await view.refuse(c, 404, "invite");
    if (!opening.refusal) {
      const { title, description = "" } = await permissionsOf(opening.room);
      const { role } = opening.invitation;
      return await view.show(c, JoinPage, { title: title || opening.room, description, role });
    }
    return await view.refuse(c, 404, `invite_${opening.refusal}`);
  }

  app.get("/join/:code", (c) => {
    keepCookie(c, INVITE_COOKIE, c.req.param("code"), { trustProxy, lifeMs: INVITE_COOKIE_MS });
    c.header("referrer-policy", "no-referrer");
    c.header("cache-control", "no-store");
    return c.redirect("/join/");
  });

  app.get("/join/", async (c) => {
    const code = cookieIn(c, INVITE_COOKIE, trustProxy);
    return await show(c, code === undefined ? undefined : await entrance.find(c, code));
  });

  app.post("/join/", async (c) => {
    if (!options.isAllowedOrigin(c)) {
      throw new HttpError(
        403,
        "origin_not_allowed",
        "Pages of this origin may not do this: see ALLOWED_ORIGINS",
      );
    }
    const code = cookieIn(c, INVITE_COOKIE, trustProxy);
    if (code === undefined) return await show(c, undefined);
    const form = await c.req.parseBody();
    const stated = typeof form.username === "string" ? form.username : "";
    const name = cleanName(stated) ?? "";
    const opening = await entrance.redeem(c, code, await accountUserOf(c) ?? guestOf(c, name));
    if (!opening || opening.refusal) return await show(c, opening);
    dropCookie(c, INVITE_COOKIE, { trustProxy });
    const query = name ? `?${new URLSearchParams({ username: name })}` : "";
    return c.redirect(`/chat/${encodeURIComponent(opening.room)}/${query}`, 303);
  });

  /** The guest of this browser, who has a badge from now on. */
  function guestOf(c: Context<JoinEnv>, name: string): User {
    const known = cookieIn(c, GUEST_COOKIE, trustProxy);
    const badge = known !== undefined && guestIds.idOf(known) ? known : guestIds.issue();
    if (badge !== known) keepCookie(c, GUEST_COOKIE, badge, { trustProxy, lifeMs: GUEST_COOKIE_MS });
    return guest(name || ANONYMOUS, guestIds.idOf(badge));
  }

  return app;
}

/** `/join/`: what the invitation is for, and the button that uses it. */
function JoinPage(
  { page, title, description, role }: PageProps & {
    title: string;
    description: string;
    role: "guest" | "member";
  },
): Markup {
  const { words } = page;
  const isGuest = page.role === "guest";
  return (
    <Layout
      page={page}
      title={title}
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
        <p>{words["join.invited"]}</p>
        <h1 class="account__title" dir="auto">{title}</h1>
        {description && <p dir="auto">{description}</p>}
        <form class="form" action={page.at("/join/")} method="post">
          {isGuest
            ? (
              <TextField
                label={words["lobby.nickname"]}
                hint={words["room.nickname_hint"]}
                name="username"
                required
                maxlength={32}
                autocomplete="nickname"
                pattern=".*\S.*"
                placeholder={words["lobby.nickname_placeholder"]}
              />
            )
            : (
              <p class="form__hint">
                {words["join.as"]} <bdi>{page.account}</bdi>
              </p>
            )}
          <button class="button" type="submit">{words["lobby.enter"]}</button>
          {isGuest && role === "member" && (
            <a class="button button--quiet" href={page.at("/account/sign-in/?to=%2Fjoin%2F")}>
              {words["join.sign_in"]}
            </a>
          )}
        </form>
        <p class="form__hint">{words["room.recorded"]}</p>
      </main>
    </Layout>
  );
}
