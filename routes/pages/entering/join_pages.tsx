/** `/join/<code>`: the way in for somebody with an invitation. */
import type { Context, Hono } from "hono";
import type { Opening } from "../../../rooms/access/invitations/invitations.ts";
import type { GuestIds } from "../../../rooms/access/guest_id.ts";
import type { RoomPermissions } from "../../../rooms/access/room_permissions.ts";
import { ANONYMOUS, cleanName, guest, type User } from "../../../rooms/user.ts";
import { type Bindings, cookieIn, GUEST_COOKIE } from "../../authentication.ts";
import { dropCookie, keepCookie } from "../../cookies.ts";
import type { Entrance } from "../../entrance.ts";
import { GUEST_COOKIE_MS } from "../../guest_cookie.ts";
import { NicknameField } from "../parts/form.tsx";
import type { Markup, PageProps } from "../page.ts";
import type { PageView } from "../page_view.ts";
import { EnteringPage } from "./entering_page.tsx";
import { secretLink, type SecretLinkContext } from "./secret_link.ts";

/** What the pages of invitations work with. */
export interface JoinPagesOptions {
  readonly entrance: Entrance;
  readonly guestIds: GuestIds;
  readonly trustProxy: number;
  readonly permissionsOf: (room: string) => Promise<RoomPermissions>;
  /** The user of the account that is signed in. */
  readonly accountUserOf: (c: Context) => Promise<User | undefined>;
  readonly requireAllowedOrigin: (c: Context) => void;
}

const INVITE_COOKIE = "invite";

/** The pages of invitations. */
export function joinPages(
  { view, ...options }: JoinPagesOptions & { view: PageView },
): Hono<{ Bindings: Bindings }> {
  const { entrance, guestIds, permissionsOf, accountUserOf, trustProxy, requireAllowedOrigin } = options;

  async function show(c: SecretLinkContext, opening: Opening | undefined): Promise<Response> {
    if (!opening) return await view.refuse(c, 404, "invite");
    if (opening.refusal) return await view.refuse(c, 404, `invite_${opening.refusal}`);
    const { title, description = "" } = await permissionsOf(opening.room);
    const { role } = opening.invitation;
    return await view.show(c, JoinPage, { title: title || opening.room, description, role });
  }

  /** The guest of this browser, who has a badge from now on. */
  function guestOf(c: SecretLinkContext, name: string): User {
    const known = cookieIn(c, GUEST_COOKIE, trustProxy);
    const badge = known !== undefined && guestIds.idOf(known) ? known : guestIds.issue();
    if (badge !== known) keepCookie(c, GUEST_COOKIE, badge, { trustProxy, lifeMs: GUEST_COOKIE_MS });
    return guest(name || ANONYMOUS, guestIds.idOf(badge));
  }

  return secretLink({
    ...{ path: "/join/", cookie: INVITE_COOKIE, trustProxy, requireAllowedOrigin },
    show: async (c, code) => await show(c, code ? await entrance.find(c, code) : undefined),
    redeem: async (c, code) => {
      if (!code) return await show(c, undefined);
      const form = await c.req.parseBody();
      const stated = typeof form.username === "string" ? form.username : "";
      const name = cleanName(stated) ?? "";
      const opening = await entrance.redeem(c, code, await accountUserOf(c) ?? guestOf(c, name));
      if (!opening || opening.refusal) return await show(c, opening);
      dropCookie(c, INVITE_COOKIE, { trustProxy });
      const query = name ? `?${new URLSearchParams({ username: name })}` : "";
      return c.redirect(`/chat/${encodeURIComponent(opening.room)}/${query}`, 303);
    },
  });
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
    <EnteringPage page={page} title={title}>
      <p>{words["join.invited"]}</p>
      <h1 class="account__title" dir="auto">{title}</h1>
      {description && <p dir="auto">{description}</p>}
      <form class="form" action={page.at("/join/")} method="post">
        {isGuest ? <NicknameField page={page} name="username" /> : (
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
    </EnteringPage>
  );
}
