/** The rooms that lists show: those that are open to everybody, and those of an account. */
import { mayEnter, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import type { Peers } from "../../../rooms/cluster/peers.ts";
import type { UnreadRooms } from "../../../rooms/notifications/unread/unread_rooms.ts";
import { hasAccount, type User } from "../../../rooms/user.ts";

/** A room in a list. */
export interface ListedRoom {
  readonly name: string;
  /** Missing: its name. */
  readonly title?: string;
  readonly description?: string;
  /** The number of people who are there. */
  readonly online: number;
  readonly private?: true;
  /** The number of unread messages, for an account's own rooms. */
  readonly unread?: number;
  /** The newest message. */
  readonly last?: unknown;
}

/** The most rooms in a list, besides an account's own. */
const MAX_LISTED = 200;

/** Lists the rooms that a user may enter: an account's own ones first, then the listed ones with most people. */
export type ListRooms = (user: User) => Promise<ListedRoom[]>;

/** Makes what lists rooms. */
export function createRoomList({ roomPermissions, peers, unreadRooms }: {
  roomPermissions: PermissionStore;
  peers: Pick<Peers, "everywhere">;
  unreadRooms: Pick<UnreadRooms, "list">;
}): ListRooms {
  return async (user) => {
    const online = peers.everywhere();
    const own = hasAccount(user) ? await unreadRooms.list(user) : [];
    const known = new Map(own.map((room) => [room.name, room]));
    const names = new Set([...known.keys(), ...await roomPermissions.listed(MAX_LISTED)]);
    const rooms = await Promise.all([...names].map(async (name): Promise<ListedRoom[]> => {
      const now = await roomPermissions.of(name);
      if (!mayEnter(now, user)) return [];
      return [{
        name,
        title: now.title || undefined,
        description: now.description || undefined,
        online: online.get(name)?.size ?? 0,
        private: now.isPrivate || undefined,
        unread: known.get(name)?.unread,
        last: known.get(name)?.last ?? undefined,
      }];
    }));
    const isOwn = ({ name }: ListedRoom): number => Number(known.has(name));
    return rooms.flat().sort((a, b) => isOwn(b) - isOwn(a) || b.online - a.online);
  };
}
