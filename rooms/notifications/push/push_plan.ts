/** Decides who gets a push about a room, and what it says. */
import type { Accounts } from "../../access/accounts.ts";
import { mayEnter, type PermissionStore, type RoomPermissions } from "../../access/room_permissions.ts";
import { seqIn } from "../../messages/message.ts";
import type { Inboxes } from "../inboxes.ts";
import {
  countAfter,
  type CountParts,
  lastLine,
  type LastMessage,
  previewOf,
} from "../unread/unread_count.ts";
import type { RoomMarks } from "../unread/room_marks.ts";
import { isQuiet } from "../watch/quiet_hours.ts";
import type { WatchLevels } from "../watch/watch_levels.ts";

/** What a push says, as protocol.md has it, and which one it is: a service worker shows none twice. */
export interface PushPayload {
  readonly id: string;
  readonly title: string;
  /** The newest message, where it may be quoted; else `""`. */
  readonly body: string;
  /** The path of the room, and in it of that message. */
  readonly url: string;
  readonly room: string;
  readonly unread: number;
}

/** A push that is due. */
export interface DuePush {
  readonly payload: PushPayload;
  /** The `seq` of the newest message that it is about. */
  readonly upTo: string;
}

/** What {@link planPush} reads. */
export interface PushPlanParts {
  readonly accounts: Pick<Accounts, "byId">;
  readonly roomPermissions: Pick<PermissionStore, "of">;
  readonly inboxes: Pick<Inboxes, "unreadMentions">;
  readonly watchLevels: Pick<WatchLevels, "of" | "settings">;
  readonly marks: Pick<RoomMarks, "find">;
  readonly counting: CountParts;
  readonly now: () => number;
}

/**
 * The push about a room for an account, which got the last one up to the `seq` `pushed`; `undefined`: none is due. What
 * came in quiet hours is told with the first message after them.
 */
export async function planPush(
  parts: PushPlanParts,
  account: string,
  room: string,
  pushed: string,
): Promise<DuePush | undefined> {
  const person = await parts.accounts.byId(account);
  const mark = await parts.marks.find(account, room);
  if (!person || !mark) return undefined;
  const permissions = await parts.roomPermissions.of(room);
  const user = { id: account, name: person.displayName, role: person.role, isGuest: false };
  if (!mayEnter(permissions, user)) return undefined;
  const level = await parts.watchLevels.of(account, room);
  const settings = await parts.watchLevels.settings(account);
  if (level === "none" || isQuiet(settings.quiet, parts.now())) return undefined;
  const since = mark.seq > pushed ? mark.seq : pushed;
  const fresh = level === "all"
    ? (await countAfter(parts.counting, room, since)).unread
    : mentionsIn(await parts.inboxes.unreadMentions(account), room, since);
  const line = await lastLine(parts.counting, room);
  if (!fresh || line === undefined) return undefined;
  const last = previewOf(line);
  const { unread } = await countAfter(parts.counting, room, mark.seq);
  return {
    upTo: seqIn(line),
    payload: {
      id: last.id,
      title: permissions.title || room,
      body: bodyOf(last, permissions, settings.previews),
      url: `/chat/${encodeURIComponent(room)}/?message=${last.id}`,
      room,
      unread,
    },
  };
}

function bodyOf(
  { username, message, deleted }: LastMessage,
  { isPrivate }: RoomPermissions,
  previews: boolean,
): string {
  return deleted || (isPrivate && !previews) ? "" : `${username}: ${message}`;
}

function mentionsIn(mentions: ReadonlyMap<string, readonly string[]>, room: string, since: string): number {
  return (mentions.get(room) ?? []).filter((seq) => seq > since).length;
}
