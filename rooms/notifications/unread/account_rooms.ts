/** The rooms of an account, as it lists them. */
import type { PersonIds } from "../../access/person_ids.ts";
import { mayEnter, type PermissionStore } from "../../access/room_permissions.ts";
import type { User } from "../../user.ts";
import type { WatchLevel, WatchLevels } from "../watch/watch_levels.ts";
import type { Inboxes } from "../inboxes.ts";
import type { RoomMarks } from "./room_marks.ts";
import { countAfter, type CountParts, type LastMessage, lastMessage, mentionsAfter } from "./unread_count.ts";

/** A room of an account. */
export interface AccountRoom {
  readonly name: string;
  readonly title: string;
  readonly private: boolean;
  readonly closed?: true;
  /** Messages since the account read there last. */
  readonly unread: number;
  /** Those of them that mention the account. */
  readonly mentions: number;
  /** The id of the message up to which the account has read, or `""`. */
  readonly read: string;
  readonly last: LastMessage | null;
  /** Of what the account is notified there. */
  readonly level: WatchLevel;
}

interface AccountRoomsParts extends CountParts {
  readonly marks: RoomMarks;
  readonly inboxes: Pick<Inboxes, "unreadMentions">;
  readonly personIds: Pick<PersonIds, "of">;
  readonly roomPermissions: Pick<PermissionStore, "of">;
  readonly watchLevels: Pick<WatchLevels, "all">;
}

/** The rooms that an account may enter of those in which it was, the one with the newest message first. */
export async function listRooms(parts: AccountRoomsParts, user: User): Promise<AccountRoom[]> {
  const mentions = await parts.inboxes.unreadMentions(user.id);
  const levels = await parts.watchLevels.all(user.id);
  const rooms = await Promise.all(
    (await parts.marks.of(user.id)).map(async ({ room: name, seq, id: read }) => {
      const permissions = await parts.roomPermissions.of(name);
      if (!mayEnter(permissions, user)) return undefined;
      const { unread } = await countAfter(parts, {
        room: name,
        mark: seq,
        reader: parts.personIds.of(name, user),
      });
      const last = await lastMessage(parts, name) ?? null;
      const { title, isPrivate, isClosed } = permissions;
      const shown = { name, title, private: isPrivate, closed: isClosed || undefined };
      return {
        ...shown,
        unread,
        mentions: mentionsAfter(mentions.get(name), seq),
        read,
        last,
        level: levels.of(name),
      };
    }),
  );
  return rooms.filter((room) => room !== undefined).sort((a, b) => newestOf(b) < newestOf(a) ? -1 : 1);
}

function newestOf({ last, read }: AccountRoom): string {
  return last?.id ?? read;
}
