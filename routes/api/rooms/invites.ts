/** `/api/rooms/:room/invites`: links that let people into a room. */
import { type Context, Hono } from "hono";
import { renderSVG } from "uqr";
import * as v from "valibot";
import {
  type Invitation,
  type Invitations,
  TooManyInvitationsError,
} from "../../../rooms/access/invitations/invitations.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import type { PermissionStore } from "../../../rooms/access/room_permissions.ts";
import { cleanName, MAX_NAME_LENGTH } from "../../../rooms/user.ts";
import { isSecure } from "../../authentication.ts";
import { HttpError } from "../../errors.ts";
import { siteOf } from "../../pages/base_path.ts";
import type { ApiEnv } from "../gate.ts";
import { jsonIn, requestBody } from "../request_body.ts";
import { requireRight } from "./require_host.ts";

const HOUR_MS = 60 * 60 * 1000;
const WEEK_HOURS = 168;
const YEAR_HOURS = 8_760;
const MAX_USES = 100_000;
/** The most people in the list of an invitation. */
const MAX_PEOPLE = 200;

const Wanted = v.object({
  expires_in_hours: v.optional(
    v.pipe(
      v.number('"expires_in_hours" must be a number'),
      v.gtValue(0, '"expires_in_hours" must be above 0'),
      v.maxValue(YEAR_HOURS, `"expires_in_hours" must be at most ${YEAR_HOURS}`),
    ),
    WEEK_HOURS,
  ),
  uses: v.optional(
    v.pipe(
      v.number('"uses" must be a number'),
      v.integer('"uses" must be a whole number'),
      v.minValue(0, '"uses" must be at least 0, which means any number'),
      v.maxValue(MAX_USES, `"uses" must be at most ${MAX_USES}`),
    ),
    0,
  ),
  role: v.optional(v.picklist(["guest", "member"], '"role" must be guest or member'), "guest"),
  name: v.optional(
    v.pipe(
      v.string('"name" must be text'),
      v.transform(cleanName),
      v.string(`"name" must have at most ${MAX_NAME_LENGTH} characters`),
    ),
    "",
  ),
});

/** The API of invitations. */
export function invitesApi(options: {
  invitations: Invitations;
  roomPermissions: PermissionStore;
  roomNames: RoomNames;
  /** The origin that people use; `""`: the one that the caller knows. */
  publicUrl: string;
  trustProxy: number;
  now: () => number;
}): Hono<ApiEnv> {
  const { invitations, now } = options;
  const app = new Hono<ApiEnv>();

  app.post("/:room/invites", async (c) => {
    const { room, user } = await requireRight(c, options, "moderate");
    const { expires_in_hours: hours, ...wanted } = requestBody(Wanted, await jsonIn(c.req.raw));
    try {
      const { invitation, code } = await invitations.create(room, {
        ...wanted,
        lifeMs: hours * HOUR_MS,
        by: user.name,
      });
      const url = `${originOf(c, options)}/join/${code}`;
      return c.json({ ...view(invitation, now()), url, code, qr: renderSVG(url, { border: 2 }) }, 201);
    } catch (error) {
      if (!(error instanceof TooManyInvitationsError)) throw error;
      throw new HttpError(409, "too_many_invites", `${error.message}: revoke one first`);
    }
  });

  app.get("/:room/invites", async (c) => {
    const { room } = await requireRight(c, options, "moderate");
    const invites = await Promise.all((await invitations.list(room)).map(async (invitation) => {
      const people = await invitations.people(room, invitation.id, MAX_PEOPLE);
      return {
        ...view(invitation, now()),
        people: people.map(({ name, at }) => ({ name, timestamp: new Date(at).toISOString() })),
      };
    }));
    return c.json({ invites });
  });

  app.delete("/:room/invites/:id", async (c) => {
    const { room } = await requireRight(c, options, "moderate");
    if (await invitations.revoke(room, c.req.param("id"))) return c.json({ ok: true });
    throw new HttpError(404, "not_found", "The room has no such invitation that is valid");
  });

  return app;
}

function view({ createdAt, endsAt, ...invitation }: Invitation, now: number): Record<string, unknown> {
  return {
    ...invitation,
    created: new Date(createdAt).toISOString(),
    expires: new Date(endsAt).toISOString(),
    valid: endsAt > now,
  };
}

/** The service's address for people, with its base path. */
function originOf(
  c: Context<ApiEnv>,
  { publicUrl, trustProxy }: { publicUrl: string; trustProxy: number },
): string {
  if (publicUrl) return publicUrl + siteOf(c).basePath;
  const { host } = new URL(c.req.url);
  const scheme = isSecure(c, trustProxy) ? "https" : "http";
  return `${scheme}://${c.req.header("host") ?? host}${siteOf(c).basePath}`;
}
