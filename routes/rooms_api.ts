/** `/api/rooms/:room`: the rules of a room, and what its creator and admins may do in it. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Accounts } from "../rooms/accounts/accounts.ts";
import type { Erasure } from "../rooms/erasure.ts";
import type { RoomNames } from "../rooms/room_names.ts";
import { mayChange, mayEnter, type RuleBook, type Rules } from "../rooms/rules.ts";
import { cleanName } from "../rooms/user.ts";
import type { User } from "../rooms/user.ts";
import { admitted, type ApiEnv } from "./api_gate.ts";
import type { Caller, Refusal } from "./callers.ts";
import { checked, jsonIn } from "./checked.ts";
import { HttpError } from "./errors.ts";
import { isKeeper } from "./keepers.ts";
import { noEntry } from "./messages_api.ts";
import { roomNameIn } from "./room_name.ts";

const MAX_TITLE_LENGTH = 64;
const MAX_MEMBERS = 500;
const Change = v.object({
  title: v.optional(
    v.pipe(
      v.string('"title" must be text'),
      v.transform(cleanName),
      v.string(`"title" must have at most ${MAX_TITLE_LENGTH} characters`),
    ),
  ),
  private: v.optional(v.boolean('"private" must be true or false')),
  read_only: v.optional(v.boolean('"read_only" must be true or false')),
  closed: v.optional(v.boolean('"closed" must be true or false')),
  members: v.optional(
    v.pipe(
      v.array(
        v.pipe(v.string('"members" must be names'), v.maxLength(1_000)),
        '"members" must be a list of names',
      ),
      v.maxLength(MAX_MEMBERS, `"members" must be at most ${MAX_MEMBERS} names`),
    ),
  ),
});

export function roomsApi(options: {
  accounts: Accounts;
  rules: RuleBook;
  roomNames: RoomNames;
  erasure: Erasure;
}): Hono<ApiEnv> {
  const { accounts, rules, roomNames, erasure } = options;
  const app = new Hono<ApiEnv>();

  /** Ids of accounts by their names. Throws {@link HttpError} for a name that nobody has. */
  async function idsOf(names: readonly string[]): Promise<string[]> {
    const ids = new Set<string>();
    for (const name of names) {
      const account = await accounts.named(name);
      if (!account) throw new HttpError(400, "invalid_request", `There is no account called ${name}`);
      ids.add(account.id);
    }
    return [...ids];
  }

  async function view(room: string, now: Rules, user: User): Promise<Record<string, unknown>> {
    const { title, isPrivate, isReadOnly, isClosed = false, creator, members } = now;
    const shown = { room, title, private: isPrivate, read_only: isReadOnly, closed: isClosed || undefined };
    if (!mayChange(now, user)) return { ...shown, may_change: false };
    const names = async (ids: readonly string[]): Promise<string[]> =>
      (await Promise.all(ids.map((id) => accounts.byId(id)))).flatMap((account) => account?.username ?? []);
    const [creatorName] = creator ? await names([creator]) : [];
    return { ...shown, may_change: true, creator: creatorName, members: await names(members) };
  }

  app.get("/:room", async (c) => {
    const room = await roomNames.find(roomNameIn(c.req.param("room")));
    const { user } = admitted(c.var.caller);
    const now = await rules.of(room);
    if (!mayEnter(now, user)) throw noEntry(now, user);
    return c.json(await view(room, now, user));
  });

  app.patch("/:room", async (c) => {
    const named = roomNameIn(c.req.param("room"));
    const user = await changerOf(c.var.caller, await roomNames.find(named));
    const room = await roomNames.claim(named);
    const { title, private: isPrivate, read_only: isReadOnly, closed: isClosed, members } = checked(
      Change,
      await jsonIn(c.req.raw),
    );
    if (isClosed !== undefined && !isKeeper(c.var.caller)) {
      throw new HttpError(403, "not_allowed", "Only admins close and open rooms");
    }
    const ids = members && await idsOf(members);
    const now = await rules.change(room, (rules) => ({
      ...rules,
      title: title ?? rules.title,
      isPrivate: isPrivate ?? rules.isPrivate,
      isReadOnly: isReadOnly ?? rules.isReadOnly,
      isClosed: isClosed ?? rules.isClosed,
      members: ids ?? rules.members,
    }));
    return c.json(await view(room, now, user));
  });

  app.delete("/:room/messages/:id", async (c) => {
    const room = await roomNames.find(roomNameIn(c.req.param("room")));
    await changerOf(c.var.caller, room);
    if (await erasure.deleteMessage(room, c.req.param("id"))) return c.json({ ok: true });
    throw new HttpError(404, "not_found", "The room has no such message");
  });

  /** Whoever may change the room. Throws {@link HttpError}. */
  async function changerOf(caller: Caller | Refusal, room: string): Promise<User> {
    const { user } = admitted(caller);
    if (user.isGuest) throw new HttpError(401, "not_signed_in", "Sign in first");
    if (mayChange(await rules.of(room), user)) return user;
    throw new HttpError(403, "not_allowed", "Only the room's creator and admins may do this");
  }

  return app;
}
