/** Decides who gets a push about a room, and what it says. */
import type { Accounts } from "../../access/accounts.ts";
import type { PersonIds } from "../../access/person_ids.ts";
import { mayEnter, type PermissionStore, type RoomPermissions } from "../../access/room_permissions.ts";
import { isDeleted, type Line, seqIn } from "../../messages/message.ts";
import { countsFor } from "../../messages/page_extent.ts";
import { DEFAULT_PAGE } from "../../protocol.ts";
import type { Inboxes } from "../inboxes.ts";
import { countAfter, type CountParts, previewOf } from "../unread/unread_count.ts";
import type { RoomMarks } from "../unread/room_marks.ts";
import { isQuiet } from "../watch/quiet_hours.ts";
import type { WatchLevels } from "../watch/watch_levels.ts";

/** The content of a push, and its id, by which a service worker shows none twice. */
export interface PushPayload {
  readonly id: string;
  readonly title: string;
  /** The message that it is about, where it may be quoted; else `""`. */
  readonly body: string;
  /** The path of the room with that message. */
  readonly url: string;
  readonly room: string;
  readonly unread: number;
}

/** A push that is due. */
export interface DuePush {
  readonly payload: PushPayload;
  /** The `seq` of the message that it is about. */
  readonly upTo: string;
}

/** What a {@link PushPlan} reads. */
export interface PushPlanParts {
  readonly accounts: Pick<Accounts, "byId">;
  readonly roomPermissions: Pick<PermissionStore, "of">;
  readonly inboxes: Pick<Inboxes, "unreadMentions">;
  readonly watchLevels: Pick<WatchLevels, "room">;
  readonly marks: Pick<RoomMarks, "find">;
  readonly personIds: Pick<PersonIds, "of">;
  readonly counting: CountParts;
  readonly now: () => number;
}

/** The pushes about a room at the moment when this is made. */
export class PushPlan {
  readonly #parts: PushPlanParts;
  readonly #room: string;
  readonly #permissions: RoomPermissions;
  /** The newest messages, the newest last. */
  readonly #lines: readonly Line[];

  private constructor(
    parts: PushPlanParts,
    room: string,
    permissions: RoomPermissions,
    lines: readonly Line[],
  ) {
    this.#parts = parts;
    this.#room = room;
    this.#permissions = permissions;
    this.#lines = lines;
  }

  /** Reads what is the same for everybody. */
  static async of(parts: PushPlanParts, room: string): Promise<PushPlan> {
    const { lines } = await parts.counting.history.before(room, undefined, DEFAULT_PAGE);
    return new PushPlan(parts, room, await parts.roomPermissions.of(room), lines);
  }

  /**
   * The push for an account, which got the last one up to the `seq` `pushed`; `undefined`: none is due. What came in quiet
   * hours is told with the first message after them.
   */
  async for(account: string, pushed: string): Promise<DuePush | undefined> {
    const { counting, marks, watchLevels, accounts, personIds, now } = this.#parts;
    const room = this.#room;
    const newest = this.#lines.at(-1);
    const mark = newest && await marks.find(account, room);
    if (!mark) return undefined;
    const since = mark.seq > pushed ? mark.seq : pushed;
    // Most people have read everything, or got a push about it.
    if (since >= seqIn(newest)) return undefined;
    const { level, quiet, previews } = await watchLevels.room(account, room);
    if (level === "none" || isQuiet(quiet, now())) return undefined;
    const person = await accounts.byId(account);
    if (!person) return undefined;
    const user = { id: account, name: person.displayName, role: person.role, isGuest: false };
    if (!mayEnter(this.#permissions, user)) return undefined;
    const reader = personIds.of(room, user);
    const line = await this.#subject(account, { level, since, reader });
    if (!line) return undefined;
    const { unread } = await countAfter(counting, { room, mark: mark.seq, reader });
    return { upTo: seqIn(line), payload: this.#payload(line, unread, previews) };
  }

  /** The newest message after `since` of which the account is to be told; `undefined`: there is none. */
  async #subject(
    account: string,
    { level, since, reader }: { level: "all" | "mentions"; since: string; reader: string },
  ): Promise<Line | undefined> {
    const { counting, inboxes } = this.#parts;
    const room = this.#room;
    const latest = this.#lines.at(-1);
    if (level === "mentions") {
      const mentions = (await inboxes.unreadMentions(account)).get(room) ?? [];
      const last = mentions.filter((seq) => seq > since).sort().at(-1);
      return last && (this.#lines.find((line) => seqIn(line) === last) ?? latest);
    }
    const { unread } = await countAfter(counting, { room, mark: since, reader });
    return unread ? this.#lines.findLast((line) => countsFor(reader, line)) ?? latest : undefined;
  }

  #payload(line: Line, unread: number, previews: boolean): PushPayload {
    const { id, username, message } = previewOf(line);
    const { title, isPrivate } = this.#permissions;
    const isQuoted = !isDeleted(line) && (!isPrivate || previews);
    return {
      id,
      title: title || this.#room,
      body: isQuoted ? `${username}: ${message}` : "",
      url: `/chat/${encodeURIComponent(this.#room)}/?message=${id}`,
      room: this.#room,
      unread,
    };
  }
}
