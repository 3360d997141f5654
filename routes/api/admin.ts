/** `/api/admin`: all rooms, who is in them, and everybody's tokens; for admins and the service. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Accounts } from "../../rooms/access/accounts.ts";
import { type Credential, type Credentials, SERVICE } from "../../rooms/access/credentials.ts";
import type { Archive } from "../../rooms/messages/archive.ts";
import type { Peers } from "../../rooms/cluster/peers.ts";
import type { ClusterStats } from "../../rooms/stats/cluster_stats.ts";
import type { ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { RoomDirectory } from "../../rooms/access/room_directory.ts";
import type { RoomNames } from "../../rooms/access/room_names.ts";
import type { PermissionStore } from "../../rooms/access/room_permissions.ts";
import { viewCredential } from "./account_view.ts";
import type { ApiEnv } from "./gate.ts";
import { requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";
import { requireAdmin } from "./require_admin.ts";
import { roomNameIn } from "../path_params.ts";

const MAX_CLOSED = 200;
/** The most empty rooms in one answer. */
const MAX_EMPTY = 200;
const MAX_TOKENS = 500;
const MAX_MEMBERS = 1_000;
const Query = v.object({ filter: v.optional(v.pipe(v.string(), v.maxLength(64)), "") });
const UserId = v.pipe(v.string(), v.minLength(1), v.maxLength(200, "This can't be anybody's id"));

/** Handles `/api/admin`. */
export function adminApi(options: {
  accounts: Accounts;
  tokens: Credentials;
  peers: Peers;
  clusterStats: ClusterStats;
  changes: ChangeFeed;
  roomPermissions: PermissionStore;
  archive: Archive;
  roomNames: RoomNames;
  now: () => number;
}): Hono<ApiEnv> {
  const { accounts, tokens, peers, clusterStats, changes, roomPermissions, roomNames } = options;
  const directory = new RoomDirectory(options);
  const app = new Hono<ApiEnv>();

  app.use(requireAdmin("This is for admins"));

  app.get("/rooms", async (c) => {
    const { filter } = requestBody(Query, c.req.query());
    const [closed, known] = await Promise.all([roomPermissions.closed(MAX_CLOSED), directory.find(filter)]);
    const open = clusterStats.rooms(filter).filter(({ room }) => !closed.includes(room))
      .map(({ room, people }) => ({ room, people, closed: false }));
    const others = closed.filter((room) => room.toLowerCase().includes(filter.toLowerCase()))
      .map((room) => ({ room, people: 0, closed: true }));
    const listed = new Set([...open, ...others].map(({ room }) => room));
    const empty = known.filter((room) => !listed.has(room)).slice(0, MAX_EMPTY)
      .map((room) => ({ room, people: 0, closed: false }));
    const rooms = [...open, ...others, ...empty];
    return c.json({ rooms: await Promise.all(rooms.map(withTitle)) });
  });

  async function withTitle<Listed extends { room: string }>(listed: Listed) {
    const { title, isPrivate } = await roomPermissions.of(listed.room);
    return { ...listed, title: title || undefined, private: isPrivate || undefined };
  }

  app.get("/rooms/:room/members", async (c) => {
    const room = await roomNames.find(roomNameIn(c.req.param("room")));
    const users = peers.users(room).sort((a, b) => a.name < b.name ? -1 : 1);
    const members = users.slice(0, MAX_MEMBERS).map(({ id, name, isGuest }) => ({
      id,
      name,
      guest: isGuest,
    }));
    return c.json({ room, count: users.length, members });
  });

  app.delete("/rooms/:room/members/:id", async (c) => {
    const room = await roomNames.find(roomNameIn(c.req.param("room")));
    const user = requestBody(UserId, c.req.param("id"));
    const { isPrivate, members } = await roomPermissions.of(room);
    if (isPrivate && members.includes(user)) {
      await roomPermissions.change(
        room,
        (now) => ({ ...now, members: now.members.filter((id) => id !== user) }),
      );
    }
    await changes.make({ type: "removed", room, user });
    return c.json({ ok: true });
  });

  app.get("/tokens", async (c) => {
    const passes = await tokens.all(MAX_TOKENS);
    const names = new Map<string, string | undefined>();
    for (const { owner } of passes) {
      if (owner !== SERVICE && !names.has(owner)) names.set(owner, (await accounts.byId(owner))?.username);
    }
    const view = (pass: Credential) => ({
      ...viewCredential(pass, tokens.endOf(pass)),
      role: pass.role,
      owner: pass.owner,
      username: names.get(pass.owner),
    });
    return c.json({ tokens: passes.map(view) });
  });

  app.delete("/tokens/:owner/:id", async (c) => {
    const { owner, id } = c.req.param();
    if (await tokens.revoke(owner, id)) return c.json({ ok: true });
    throw new HttpError(404, "not_found", "There is no such token");
  });

  return app;
}
