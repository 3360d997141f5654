/**
 * The permissions of a room: its title, who may enter, and who may write. A room without any is public and has no creator.
 *
 * | key | value |
 * | --- | --- |
 * | `["rules", room]` | {@link RoomPermissions} |
 * | `["closed", room]` | `true` for a room that is closed |
 * | `["listed", room]` | `true` for a room that lists show to everybody |
 */
import type { ChangeFeed } from "../kv/change_feed.ts";
import type { ServerFrame } from "../protocol.ts";
import { hasAccount, type User } from "../user.ts";
import type { Mute } from "./moderation/speech_rules.ts";

/** A room's title and permissions. */
export interface RoomPermissions {
  /** Pages show this as the room's name; `""`: its name. */
  readonly title: string;
  /** Only {@link members}, the creator and admins enter. */
  readonly isPrivate: boolean;
  /** An admin has closed it: nobody writes, and only admins and the service enter. Missing: no. */
  readonly isClosed?: boolean;
  /** Only those who moderate it write. */
  readonly isReadOnly: boolean;
  /** The id of the account that entered first; `undefined` when a guest was first. */
  readonly creator: string | undefined;
  /** Ids of accounts that may enter while the room is private. */
  readonly members: readonly string[];
  /** The description, at most 500 characters; missing: none. */
  readonly description?: string;
  /** Ids of accounts that moderate the room beside its creator; missing: none. */
  readonly hosts?: readonly string[];
  /** Ids of the invitations by which people may come at present; missing: none. */
  readonly invitations?: readonly string[];
  /** Ids of accounts that a host has banned; guests are in `bans.ts` alone. Missing: none. */
  readonly banned?: readonly string[];
  /** People who may not speak for a time; some of these may be over. Missing: nobody. */
  readonly mutes?: readonly Mute[];
  /** Seconds between two messages of one person; missing or 0: any. */
  readonly slowModeSeconds?: number;
  /** Words that nobody may say, see `blocked_words.ts`; missing: none. */
  readonly blockedWords?: readonly string[];
  /** Messages wait until a host approves them; missing: no. */
  readonly needsApproval?: boolean;
  /** Lists show it to everybody; missing: no. */
  readonly isListed?: boolean;
}

const KEY = "rules";
const CLOSED = "closed";
const LISTED = "listed";
const NONE: RoomPermissions = {
  title: "",
  isPrivate: false,
  isReadOnly: false,
  creator: undefined,
  members: [],
};
/** The most tries of a change while others change the same permissions. */
const MAX_TRIES = 10;

/** Whether a user may change the permissions, and delete messages. */
export function mayChange(permissions: RoomPermissions, user: User): boolean {
  return user.role === "admin" || user.role === "service" ||
    (hasAccount(user) && permissions.creator === user.id);
}

/** Whether a user may keep order in the room, and invite people. */
export function mayModerate(permissions: RoomPermissions, user: User): boolean {
  return mayChange(permissions, user) || isHost(permissions, user);
}

/** Whether a user is one of the room's hosts, who moderate it beside its creator. */
export function isHost({ hosts }: RoomPermissions, user: User): boolean {
  return hasAccount(user) && hosts?.includes(user.id) === true;
}

/** Whether a user may enter, and read. */
export function mayEnter(permissions: RoomPermissions, user: User): boolean {
  if (permissions.isClosed) return user.role === "admin" || user.role === "service";
  if (mayModerate(permissions, user)) return true;
  if (isBanned(permissions, user)) return false;
  return !permissions.isPrivate ||
    (hasAccount(user) && permissions.members.includes(user.id)) || isInvited(permissions, user);
}

function isInvited({ invitations }: RoomPermissions, { standing }: User): boolean {
  return standing?.invitation !== undefined && invitations?.includes(standing.invitation) === true;
}

/** Why a user may not enter, in words that reveal nothing else about the room. */
export function whyNot(permissions: RoomPermissions, user?: User): string {
  if (permissions.isClosed) return "This room is closed";
  return user && isBanned(permissions, user) ? BANNED : "This room is private";
}

/** Whether a host has banned the user, if nothing else keeps them in. */
export function isBanned({ banned }: RoomPermissions, user: User): boolean {
  return user.standing?.isBanned === true || (hasAccount(user) && banned?.includes(user.id) === true);
}

/** The reason for people whom a host has banned. */
export const BANNED = "You are banned from this room";

/** Whether a user who may enter may write. */
export function maySpeak(permissions: RoomPermissions, user: User): boolean {
  return !permissions.isClosed && (!permissions.isReadOnly || mayModerate(permissions, user));
}

/** The frame with a room's permissions: for one user, or without `may_change` for all its members. */
export function roomFrame(
  room: string,
  permissions: RoomPermissions,
  user?: User,
): ServerFrame & { type: "room" } {
  const { title, isPrivate, isReadOnly, isClosed, description, slowModeSeconds, needsApproval } = permissions;
  return {
    type: "room",
    room,
    title,
    private: isPrivate,
    // Clients treat both alike: nobody can write.
    read_only: isReadOnly || isClosed === true,
    closed: isClosed || undefined,
    description: description || undefined,
    slow_mode_seconds: slowModeSeconds || undefined,
    approval: needsApproval || undefined,
    may_change: user && mayChange(permissions, user),
    may_moderate: user && isHost(permissions, user) || undefined,
  };
}

/** Sends a room's permissions to its members whenever they change. `send` sends a frame to the members of a room. */
export function sendPermissions(parts: {
  changes: ChangeFeed;
  roomPermissions: PermissionStore;
  send: (room: string, frame: ServerFrame) => void;
}): void {
  const send = async (room: string): Promise<void> =>
    parts.send(room, roomFrame(room, await parts.roomPermissions.of(room)));
  parts.changes.listen(async (change) => {
    if (change.type === "rules") await send(change.room);
    if (change.type === "unknown") { for (const room of parts.roomPermissions.held()) await send(room); }
  });
}

/** The permissions of a room that people are in, kept up to date. */
export interface CachedPermissions {
  readonly current: RoomPermissions;
}

interface Held {
  current: RoomPermissions;
  versionstamp: string;
  holders: number;
}

/** Reads and changes permissions, and keeps those of rooms that people are in in memory. */
export class PermissionStore {
  readonly #kv: Deno.Kv;
  readonly #changes: ChangeFeed;
  readonly #held = new Map<string, Held>();

  constructor(kv: Deno.Kv, changes: ChangeFeed) {
    this.#kv = kv;
    this.#changes = changes;
    changes.listen(async (change) => {
      if (change.type === "rules") await this.#refresh(change.room);
      if (change.type === "unknown") { for (const room of this.held()) await this.#refresh(room); }
    });
  }

  /** The permissions as they are in KV. */
  async of(room: string): Promise<RoomPermissions> {
    return (await this.#kv.get<RoomPermissions>([KEY, room])).value ?? NONE;
  }

  /** Keeps a room's permissions in memory and up to date, until {@link release}. */
  async hold(room: string): Promise<CachedPermissions> {
    let held = this.#held.get(room);
    if (!held) this.#held.set(room, held = { current: NONE, versionstamp: "", holders: 0 });
    held.holders++;
    try {
      // Once they have been read, further holders needn't wait.
      if (!held.versionstamp) await this.#refresh(room);
      return held;
    } catch (error) {
      this.release(room);
      throw error;
    }
  }

  /** Ends one {@link hold}. */
  release(room: string): void {
    const held = this.#held.get(room);
    if (held && --held.holders === 0) this.#held.delete(room);
  }

  /** The permissions of a room that people are in, as they are in memory; `undefined`: nobody is there. */
  heldPermissions(room: string): RoomPermissions | undefined {
    return this.#held.get(room)?.current;
  }

  /** The rooms whose permissions are in memory. */
  held(): string[] {
    return [...this.#held.keys()];
  }

  /** Makes an account the creator of a room that has no permissions yet; false when it has some. */
  async claim(
    room: string,
    user: User,
    wanted: Partial<Pick<RoomPermissions, "title" | "isPrivate">> = {},
  ): Promise<boolean> {
    const key = [KEY, room];
    const permissions: RoomPermissions = { ...NONE, ...wanted, creator: user.id };
    const commit = this.#kv.atomic().check({ key, versionstamp: null }).set(key, permissions);
    const { ok } = await this.#changes.add(commit, { type: "rules", room }).commit();
    await this.#refresh(room);
    return ok;
  }

  /**
   * Changes permissions, here at once and elsewhere within seconds; returns the new ones. `also` adds to the same commit.
   *
   * @throws {Error} when others change them at the same time again and again.
   */
  async change(
    room: string,
    change: (permissions: RoomPermissions) => RoomPermissions,
    also: (commit: Deno.AtomicOperation) => unknown = () => {},
  ): Promise<RoomPermissions> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<RoomPermissions>([KEY, room]);
      const permissions = change(entry.value ?? NONE);
      const commit = this.#kv.atomic().check(entry).set(entry.key, permissions);
      if (permissions.isClosed) commit.set([CLOSED, room], true);
      else commit.delete([CLOSED, room]);
      const { isListed, isPrivate, isClosed } = permissions;
      if (isListed && !isPrivate && !isClosed) commit.set([LISTED, room], true);
      else commit.delete([LISTED, room]);
      also(commit);
      if (!(await this.#changes.add(commit, { type: "rules", room }).commit()).ok) continue;
      await this.#changes.poll();
      return permissions;
    }
    throw new Error(
      `Changing the permissions of ${room} failed: others changed them ${MAX_TRIES} times meanwhile`,
    );
  }

  /** The names of closed rooms, at most `limit`. */
  async closed(limit: number): Promise<string[]> {
    const entries = this.#kv.list({ prefix: [CLOSED] }, { limit });
    return await Array.fromAsync(entries, ({ key }) => String(key[1]));
  }

  /** The names of rooms that lists show to everybody, at most `limit`. */
  async listed(limit: number): Promise<string[]> {
    const entries = this.#kv.list({ prefix: [LISTED] }, { limit });
    return await Array.fromAsync(entries, ({ key }) => String(key[1]));
  }

  /** The names of all rooms that have permissions. */
  async *names(): AsyncGenerator<string> {
    for await (const { key } of this.#kv.list({ prefix: [KEY] })) yield String(key[1]);
  }

  async #refresh(room: string): Promise<void> {
    const held = this.#held.get(room);
    if (!held) return;
    const { value, versionstamp } = await this.#kv.get<RoomPermissions>([KEY, room]);
    // Of two reads at once the older may end later. "0" is below every versionstamp, and says that a read was made.
    if ((versionstamp ?? "0") < held.versionstamp) return;
    held.current = value ?? NONE;
    held.versionstamp = versionstamp ?? "0";
  }
}
