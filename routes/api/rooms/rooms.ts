/** `/api/rooms`: rooms and their permissions, and what creators and admins may change. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Accounts } from "../../../rooms/access/accounts.ts";
import type { Archive } from "../../../rooms/messages/archive.ts";
import type { History } from "../../../rooms/messages/history.ts";
import type { Inboxes } from "../../../rooms/notifications/inboxes.ts";
import { ROOM_NAME } from "../../../rooms/room.ts";
import type { Rooms } from "../../../rooms/rooms.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import {
  isHost,
  mayChange,
  mayEnter,
  mayModerate,
  type PermissionStore,
  type RoomPermissions,
} from "../../../rooms/access/room_permissions.ts";
import { hasAccount, type User } from "../../../rooms/user.ts";
import { accountIdsOf, usernamesOf } from "../account_names.ts";
import { accountOf, admitted, type ApiEnv } from "../gate.ts";
import { jsonIn, requestBody } from "../request_body.ts";
import { HttpError } from "../../errors.ts";
import { isAdminOrService } from "../require_admin.ts";
import type { Translations } from "../../translations.ts";
import { createMemberNotices } from "./member_notices.ts";
import { isAboutOrder, isPrivate, orderIn, permissionsAfter, RoomChange, title } from "./room_change.ts";
import type { ListRooms } from "./listed_rooms.ts";
import { requireRight } from "./require_host.ts";
import { noEntry } from "../messages/room_reader.ts";
import { roomNameIn } from "../../path_params.ts";

/** The most rooms in one request. */
export const MAX_ASKED = 50;
const Creation = v.object({ room: v.string('"room" must be a name'), title, private: isPrivate });
const Asked = v.pipe(
  v.array(v.string()),
  v.maxLength(MAX_ASKED, `"name" may be given ${MAX_ASKED} times at most`),
);
/** The creator or a member of a private room. */
interface Person {
  readonly name: string;
  readonly creator: true | undefined;
}

/** The API of rooms. */
export function roomsApi(options: {
  accounts: Accounts;
  roomPermissions: PermissionStore;
  roomNames: RoomNames;
  listRooms: ListRooms;
  rooms: Rooms;
  archive: Archive;
  history: History;
  inboxes: Inboxes;
  words: Translations;
  /** Of notifications about rooms. */
  language: string;
  now: () => number;
}): Hono<ApiEnv> {
  const { accounts, roomPermissions, roomNames, rooms, archive, history } = options;
  const app = new Hono<ApiEnv>();
  const notifyAdded = createMemberNotices(options);
  /** Lookups under way, by account ids: when a room's permissions change, all its members ask at the same time. */
  const lookups = new Map<string, Promise<Person[]>>();

  async function view(room: string, now: RoomPermissions, user: User): Promise<Record<string, unknown>> {
    const { title, isPrivate, isReadOnly, isClosed = false, creator, members } = now;
    const shown = {
      room,
      title,
      private: isPrivate,
      read_only: isReadOnly,
      closed: isClosed || undefined,
      description: now.description || undefined,
      people: isPrivate && hasAccount(user) ? await peopleOf(now) : undefined,
    };
    const order = mayModerate(now, user) && {
      may_moderate: isHost(now, user) || undefined,
      slow_mode_seconds: now.slowModeSeconds || undefined,
      blocked_words: now.blockedWords?.length ? now.blockedWords : undefined,
      approval: now.needsApproval || undefined,
    };
    if (!mayChange(now, user)) return { ...shown, ...order, may_change: false };
    const [creatorName] = creator ? await usernamesOf(accounts, [creator]) : [];
    return {
      ...shown,
      ...order,
      may_change: true,
      listed: now.isListed || undefined,
      hosts: now.hosts?.length ? await usernamesOf(accounts, now.hosts) : undefined,
      creator: creatorName,
      members: await usernamesOf(accounts, members),
    };
  }

  /** The creator and members of a private room, by display names. */
  async function peopleOf({ creator, members }: RoomPermissions): Promise<Person[]> {
    const ids = [...new Set([...(creator ? [creator] : []), ...members])];
    const key = ids.join();
    const lookup = lookups.get(key) ?? Promise.all(ids.map((id) => accounts.byId(id)))
      .then((found) =>
        found.flatMap((account) =>
          account ? [{ name: account.displayName, creator: account.id === creator || undefined }] : []
        )
      )
      .finally(() => lookups.delete(key));
    lookups.set(key, lookup);
    return await lookup;
  }

  /** A room in a list; of a room that the user may not enter, only the reason. */
  async function summary(name: string, user: User): Promise<Record<string, unknown>> {
    const room = await roomNames.find(name);
    const now = await roomPermissions.of(room);
    const { title, isPrivate, isClosed = false } = now;
    if (!mayEnter(now, user)) {
      return { name, may_enter: false, private: !isClosed, closed: isClosed || undefined };
    }
    const { messages } = JSON.parse(`{${history.json(await history.before(room, undefined, 1))}}`);
    return {
      name,
      may_enter: true,
      title: title || undefined,
      private: isPrivate,
      closed: isClosed || undefined,
      last: messages[0],
    };
  }

  app.get("/", async (c) => {
    const { user } = admitted(c.var.caller);
    if (c.req.queries("name") === undefined) return c.json({ rooms: await options.listRooms(user) });
    const asked = requestBody(Asked, c.req.queries("name") ?? []).map((name) => name.normalize("NFC"));
    const names = [...new Set(asked)].filter((name) => ROOM_NAME.test(name));
    return c.json({ rooms: await Promise.all(names.map((name) => summary(name, user))) });
  });

  app.post("/", async (c) => {
    const user = accountOf(c.var.caller, "Make rooms as an account", {
      signInFirst: "Sign in first: a room belongs to an account",
    });
    const { room: wanted, title, private: isPrivate = false } = requestBody(
      Creation,
      await jsonIn(c.req.raw),
    );
    const room = await roomNames.claim(roomNameIn(wanted.trim()));
    const { lines } = await history.before(room, undefined, 1);
    // Nobody may take over a room in which others have talked.
    if (lines.length || !await roomPermissions.claim(room, user, { title: title ?? "", isPrivate })) {
      throw new HttpError(409, "room_taken", "There is a room of this name already");
    }
    return c.json(await view(room, await roomPermissions.of(room), user), 201);
  });

  app.get("/:room", async (c) => {
    const room = await roomNames.find(roomNameIn(c.req.param("room")));
    const { user } = admitted(c.var.caller);
    const now = await roomPermissions.of(room);
    if (!mayEnter(now, user)) throw noEntry(now, user);
    return c.json(await view(room, now, user));
  });

  app.patch("/:room", async (c) => {
    const { user } = await requireRight(c, options, "moderate");
    const room = await roomNames.claim(roomNameIn(c.req.param("room")));
    const wanted = requestBody(RoomChange, await jsonIn(c.req.raw));
    if (!isAboutOrder(wanted)) await requireRight(c, options, "change");
    if (wanted.closed !== undefined && !isAdminOrService(c.var.caller)) {
      throw new HttpError(403, "not_allowed", "Only admins close and open rooms");
    }
    const members = wanted.members && await accountIdsOf(accounts, wanted.members);
    const hosts = wanted.hosts && await accountIdsOf(accounts, wanted.hosts);
    let before: RoomPermissions | undefined;
    const changed = (permissions: RoomPermissions): RoomPermissions => {
      before = permissions;
      return permissionsAfter(permissions, wanted, { members, hosts });
    };
    const detail = orderIn(wanted);
    const now = await rooms.moderation.act(
      room,
      user,
      (note) =>
        roomPermissions.change(room, changed, (commit) => {
          if (detail) note(commit, { act: "rules", whom: "", detail });
        }),
    );
    if (before) await notifyAdded(room, { before, now, by: user });
    return c.json(await view(room, now, user));
  });

  app.delete("/:room/messages/:id", async (c) => {
    const { room, user } = await requireRight(c, options, "moderate");
    await rooms.change(room, { type: "delete_message", id: c.req.param("id") }, { user, mayModerate: true });
    // Its words go from the archive, too.
    await archive.advance();
    return c.json({ ok: true });
  });

  return app;
}
