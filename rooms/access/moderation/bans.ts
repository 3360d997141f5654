/**
 * Bans: who may not enter a room. A ban names the id of a person (`person_ids.ts`): the account, or the guest's cookie. On
 * request the addresses of the person's connections are banned as well, for one day only, because a school is one address.
 *
 * | key | value |
 * | --- | --- |
 * | `["ban", room, id]` | {@link Ban}; `id` is a person's or, hashed with the room like one, an address's |
 */
import type { ChangeFeed } from "../../kv/change_feed.ts";
import type { User } from "../../user.ts";
import type { LiveConnections } from "../live_connections.ts";
import type { PermissionStore } from "../room_permissions.ts";
import type { PersonIds } from "../person_ids.ts";

/** Somebody who may not enter. */
export interface Ban {
  /** The person's id in the room's frames. */
  readonly id: string;
  readonly name: string;
  /** The name of the host who banned them. */
  readonly by: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** The id of the person's account; missing: a guest's. */
  readonly account?: string;
  /** Present where addresses are banned, too. */
  readonly address?: true;
}

/** The most bans of one room: those of accounts are part of the room's permissions, which are one stored value. */
export const MAX_BANS = 500;
const BAN = "ban";
const ADDRESS_LIFE_MS = 24 * 60 * 60 * 1000;

interface BansParts {
  readonly kv: Deno.Kv;
  readonly changes: ChangeFeed;
  readonly personIds: Pick<PersonIds, "of">;
  /** Finds the connections of those who are banned. */
  readonly liveConnections: Pick<LiveConnections, "idsWith">;
}

/** Bans people, and knows who is banned. */
export class Bans {
  readonly #parts: BansParts;

  constructor(parts: BansParts) {
    this.#parts = parts;
    parts.changes.listen(async (change) => {
      if (change.type !== "banned" || !change.address) return;
      await this.#banAddresses(change.room, change.id);
    });
  }

  /** The ids by which a user may be banned from a room: the person's, and that of the address. */
  idsOf(room: string, user: User, address: string): readonly [person: string, address: string] {
    const { personIds } = this.#parts;
    return [personIds.of(room, user), personIds.of(room, { id: `address ${address}`, name: "" })];
  }

  /** Whether a user is banned from a room, by themself or by their address. */
  async has(room: string, user: User, address: string): Promise<boolean> {
    const keys = this.idsOf(room, user, address).map((id) => [BAN, room, id]);
    return (await this.#parts.kv.getMany(keys)).some(({ value }) => value !== null);
  }

  /** Bans a person: their connections close within seconds, in every process. `also` adds to the same commit. */
  async add(room: string, ban: Ban, also: (commit: Deno.AtomicOperation) => unknown): Promise<void> {
    const { kv, changes } = this.#parts;
    const commit = kv.atomic().set([BAN, room, ban.id], ban);
    also(commit);
    await changes.add(commit, { type: "banned", room, id: ban.id, address: ban.address }).commit();
    await changes.poll();
  }

  /** Notes in a room's permissions that an account is banned, if it still is: there all look who ask for no address. */
  async noteAccount(room: string, account: string, roomPermissions: PermissionStore): Promise<void> {
    if (!(await this.list(room)).some((ban) => ban.account === account)) return;
    await roomPermissions.change(room, (permissions) => ({
      ...permissions,
      banned: [...new Set(permissions.banned).add(account)],
    }));
  }

  /**
   * A ban that is to be taken back, and what adds that to a commit: the bans of addresses made with it go, too.
   * `undefined`: there is no such ban.
   */
  async lifting(
    room: string,
    id: string,
  ): Promise<{ ban: Ban; addTo(commit: Deno.AtomicOperation): void } | undefined> {
    const entries = await Array.fromAsync(this.#parts.kv.list<StoredBan>({ prefix: [BAN, room] }));
    const ban = entries.find(({ value }) => value.of === undefined && value.id === id)?.value;
    const keys = entries.filter(({ value }) => (value.of ?? value.id) === id).map(({ key }) => key);
    return ban && { ban, addTo: (commit) => keys.forEach((key) => commit.delete(key)) };
  }

  /** The bans, the newest first. */
  async list(room: string): Promise<Ban[]> {
    const entries = this.#parts.kv.list<StoredBan>({ prefix: [BAN, room] });
    const all = await Array.fromAsync(entries, ({ value }) => value);
    return all.filter(({ of }) => of === undefined).sort((a, b) => b.at - a.at);
  }

  /** A process knows only the addresses of its own connections, so each process bans these. */
  async #banAddresses(room: string, person: string): Promise<void> {
    const { kv, changes, liveConnections } = this.#parts;
    const { value: ban } = await kv.get<Ban>([BAN, room, person]);
    if (!ban) return;
    for (const id of liveConnections.idsWith(room, person)) {
      const stored: StoredBan = { ...ban, of: person };
      const commit = kv.atomic().set([BAN, room, id], stored, { expireIn: ADDRESS_LIFE_MS });
      await changes.add(commit, { type: "banned", room, id }).commit();
    }
  }
}

/** The ban of an address also names the person because of whom it was banned. */
interface StoredBan extends Ban {
  readonly of?: string;
}
