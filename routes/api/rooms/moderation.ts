/** `/api/rooms/:room/…`: what hosts do to people and messages. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { Accounts } from "../../../rooms/access/accounts.ts";
import { type Bans, MAX_BANS } from "../../../rooms/access/moderation/bans.ts";
import type { ModerationEvents } from "../../../rooms/access/moderation/moderation_events.ts";
import { type PendingMessages, viewPending } from "../../../rooms/access/moderation/pending_messages.ts";
import { MAX_MUTES, type Mute } from "../../../rooms/access/moderation/speech_rules.ts";
import type { PersonIds } from "../../../rooms/access/person_ids.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import {
  mayModerate,
  type PermissionStore,
  type RoomPermissions,
} from "../../../rooms/access/room_permissions.ts";
import type { Peers } from "../../../rooms/cluster/peers.ts";
import type { History } from "../../../rooms/messages/history.ts";
import { fieldsIn } from "../../../rooms/messages/message.ts";
import type { Rooms } from "../../../rooms/rooms.ts";
import { SERVICE_ID, type User } from "../../../rooms/user.ts";
import { userOf } from "../../authentication.ts";
import { HttpError } from "../../errors.ts";
import type { ApiEnv } from "../gate.ts";
import { jsonIn, requestBody } from "../request_body.ts";
import { requireRight } from "./require_host.ts";

const MAX_MEMBERS = 1_000;
const MAX_EVENTS = 200;
const WEEK_MINUTES = 7 * 24 * 60;
const MINUTE_MS = 60_000;

const Muting = v.object({
  minutes: v.pipe(
    v.number('"minutes" must be a number'),
    v.gtValue(0, '"minutes" must be above 0'),
    v.maxValue(WEEK_MINUTES, `"minutes" must be at most ${WEEK_MINUTES}`),
  ),
});
const Banning = v.object({
  member: v.pipe(
    v.string('"member" must be the id of a person'),
    v.regex(/^[\w-]{22}$/, "That is no person's id"),
  ),
  address: v.optional(v.boolean('"address" must be true or false'), false),
});
const Decision = v.object({ approve: v.boolean('"approve" must be true or false') });
const Whose = v.object({ by: v.optional(v.string()), person: v.optional(v.string()) });

/** Somebody whom a host may act on. */
interface Target {
  readonly name: string;
  /** The id of their account, if they have one. */
  readonly account?: string;
}

/** What moderation works with. */
interface ModerationOptions {
  readonly accounts: Pick<Accounts, "byId" | "owner">;
  readonly rooms: Rooms;
  readonly roomNames: RoomNames;
  readonly roomPermissions: PermissionStore;
  readonly personIds: PersonIds;
  readonly peers: Peers;
  readonly history: History;
  readonly bans: Bans;
  readonly moderationEvents: ModerationEvents;
  readonly pendingMessages: Pick<PendingMessages, "list">;
  readonly now: () => number;
}

/** The API of hosts. */
export function moderationApi(options: ModerationOptions): Hono<ApiEnv> {
  const { rooms, roomPermissions, personIds, peers, history, bans, now } = options;
  const { moderation } = rooms;
  const app = new Hono<ApiEnv>();
  const host = (c: Context<ApiEnv>) => requireRight(c, options, "moderate");

  /**
   * Finds a person who may be moderated: somebody who is here, or who wrote one of the newest messages.
   *
   * @throws {HttpError} 403 for those who moderate the room themselves, 404 for a person nobody knows.
   */
  async function targetOf(room: string, person: string): Promise<Target> {
    const permissions = await roomPermissions.of(room);
    const { creator, hosts = [] } = permissions;
    const here = peers.users(room).find((user) => personIds.of(room, user) === person);
    const keepers = [...hosts, ...(creator ? [creator] : [])].map((id) =>
      personIds.of(room, { id, name: "" })
    );
    const account = here && await options.accounts.byId(here.id);
    if (keepers.includes(person) || (account && mayModerate(permissions, userOf(account)))) {
      throw new HttpError(403, "not_allowed", "Who moderates this room can't be muted or banned in it");
    }
    if (here) return { name: here.name, account: account?.id };
    const { lines } = await history.before(room, undefined, 200);
    const said = lines.findLast((line) => fieldsIn(line).person === person);
    if (said) {
      const { username: name } = fieldsIn(said);
      const owner = await options.accounts.owner(name);
      return { name, account: owner && personIds.of(room, userOf(owner)) === person ? owner.id : undefined };
    }
    const known: (Target & { id: string })[] = [
      ...await bans.list(room),
      ...(permissions.mutes ?? []).map(asBan),
    ];
    const found = known.find(({ id }) => id === person);
    if (found) return { name: found.name, account: found.account };
    throw new HttpError(404, "not_found", "There is no such person in this room");
  }

  app.get("/:room/members", async (c) => {
    const { room } = await host(c);
    const { mutes = [] } = await roomPermissions.of(room);
    const muted = new Map(mutes.filter(({ until }) => until > now()).map((mute) => [mute.person, mute]));
    const here = peers.users(room).map((user) => {
      const id = personIds.of(room, user);
      return { id, name: user.name, account: isAccount(user) || undefined, online: true };
    });
    const away = [...muted.values()].filter(({ person }) => !here.some(({ id }) => id === person))
      .map(({ person, name }) => ({ id: person, name, account: undefined, online: false }));
    const members = [...here, ...away].slice(0, MAX_MEMBERS)
      .map((member) => ({ ...member, muted: untilOf(muted.get(member.id)) }));
    return c.json({ members });
  });

  app.post("/:room/members/:person/mute", async (c) => {
    const { room, user } = await host(c);
    const person = c.req.param("person");
    const { minutes } = requestBody(Muting, await jsonIn(c.req.raw));
    const { name } = await targetOf(room, person);
    const mute: Mute = { person, name, until: now() + minutes * MINUTE_MS };
    const withMute = (permissions: RoomPermissions): RoomPermissions => {
      const others = mutesOf(permissions.mutes, person, now());
      if (others.length < MAX_MUTES) return { ...permissions, mutes: [...others, mute] };
      throw new HttpError(
        409,
        "too_many_people",
        `At most ${MAX_MUTES} people can be muted at the same time`,
      );
    };
    const act = { act: "muted" as const, whom: name, detail: `${minutes} min` };
    await moderation.act(
      room,
      user,
      (note) => roomPermissions.change(room, withMute, (commit) => note(commit, act)),
    );
    return c.json({ id: person, name, muted: untilOf(mute) });
  });

  app.delete("/:room/members/:person/mute", async (c) => {
    const { room, user } = await host(c);
    const person = c.req.param("person");
    let whom = "";
    const withoutMute = (permissions: RoomPermissions): RoomPermissions => {
      const mute = permissions.mutes?.find((mute) => mute.person === person);
      if (!mute) throw new HttpError(404, "not_found", "This person isn't muted");
      whom = mute.name;
      return { ...permissions, mutes: mutesOf(permissions.mutes, person, now()) };
    };
    await moderation.act(room, user, (note) =>
      roomPermissions.change(room, withoutMute, (commit) => {
        note(commit, { act: "unmuted", whom, detail: "" });
      }));
    return c.json({ ok: true });
  });

  app.get("/:room/bans", async (c) => {
    const { room } = await host(c);
    const all = await bans.list(room);
    return c.json({
      bans: all.map(({ at, account: _, ...ban }) => ({ ...ban, timestamp: new Date(at).toISOString() })),
    });
  });

  app.post("/:room/bans", async (c) => {
    const { room, user } = await host(c);
    const { member: id, address } = requestBody(Banning, await jsonIn(c.req.raw));
    const { name, account } = await targetOf(room, id);
    if ((await bans.list(room)).length >= MAX_BANS) {
      throw new HttpError(409, "too_many_people", `At most ${MAX_BANS} people can be banned from a room`);
    }
    const ban = { id, name, account, by: user.name, at: now(), address: address || undefined };
    const act = { act: "banned" as const, whom: name, detail: address ? "address" : "", account };
    await moderation.act(room, user, (note) => bans.add(room, ban, (commit) => note(commit, act)));
    return c.json({ id, name }, 201);
  });

  app.delete("/:room/bans/:id", async (c) => {
    const { room, user } = await host(c);
    const lifting = await bans.lifting(room, c.req.param("id"));
    if (!lifting) throw new HttpError(404, "not_found", "This person isn't banned");
    const { account, name: whom } = lifting.ban;
    const withoutBan = (permissions: RoomPermissions): RoomPermissions => ({
      ...permissions,
      banned: permissions.banned?.filter((id) => id !== account),
    });
    await moderation.act(room, user, (note) =>
      roomPermissions.change(room, withoutBan, (commit) => {
        lifting.addTo(commit);
        note(commit, { act: "unbanned", whom, detail: "" });
      }));
    return c.json({ ok: true });
  });

  app.get("/:room/pending", async (c) => {
    const { room } = await host(c);
    const waiting = await options.pendingMessages.list(room);
    return c.json({ pending: waiting.map((item) => viewPending(room, item)) });
  });

  app.post("/:room/pending/:id", async (c) => {
    const { room, user } = await host(c);
    const { approve } = requestBody(Decision, await jsonIn(c.req.raw));
    const id = await moderation.decide(room, user, c.req.param("id"), approve);
    return c.json({ approved: approve, id });
  });

  app.get("/:room/events", async (c) => {
    const { room } = await host(c);
    return c.json({ events: await options.moderationEvents.list(room, MAX_EVENTS) });
  });

  /** Deletes all that one person said. */
  app.delete("/:room/messages", async (c) => {
    const { room, user } = await host(c);
    const { by, person } = requestBody(Whose, c.req.query());
    if (by === undefined && person === undefined) {
      throw new HttpError(400, "invalid_request", 'Say whose messages: "by", a name, or "person", an id');
    }
    const whose = by === undefined ? { person: person ?? "" } : { username: by };
    return c.json({ deleted: await moderation.deleteAll(room, user, whose) });
  });

  return app;
}

/** The mutes that haven't ended, without a person's. */
function mutesOf(mutes: readonly Mute[] | undefined, person: string, now: number): Mute[] {
  return (mutes ?? []).filter((mute) => mute.person !== person && mute.until > now);
}

function asBan({ person, name }: Mute): { id: string; name: string } {
  return { id: person, name };
}

function untilOf(mute: Mute | undefined): string | undefined {
  return mute && new Date(mute.until).toISOString();
}

/** Whether a user has an account. Users at other isolates come without their role. */
function isAccount({ id, isGuest }: Pick<User, "id" | "isGuest">): boolean {
  return !isGuest && id !== SERVICE_ID;
}
