/** Sends pages of a room's history to its members and to connections that join, and stores what members have read. */
import type { Connection, Member } from "./member.ts";
import type { Cursor, History } from "./messages/history.ts";
import type { Follower, UnreadRooms } from "./notifications/unread/unread_rooms.ts";
import { encodeFrame, FrameError } from "./protocol.ts";
import { hasAccount, type User } from "./user.ts";

/** What {@link RoomHistory} works with. */
export interface RoomHistoryParts {
  readonly history: History;
  readonly personOf: (room: string, user: User) => string;
  /** A promise to await before anything is served from memory; `undefined`: memory is up to date. */
  readonly current: () => Promise<void> | undefined;
  /** What accounts have read. */
  readonly unreadRooms: Pick<UnreadRooms, "enter" | "read" | "follow">;
  readonly failed: (error: unknown) => void;
}

/** The most unanswered requests for history of one member. */
const MAX_ASKING = 5;

/** Reads the history of one room for its members. */
export class RoomHistory {
  readonly #room: string;
  readonly #parts: RoomHistoryParts;
  /** The members with an account. */
  readonly #followers = new Map<Member, Follower & { readonly end: () => void }>();

  constructor(room: string, parts: RoomHistoryParts) {
    this.#room = room;
    this.#parts = parts;
  }

  /**
   * Answers a member's requests for history one at a time, while it `isMember`.
   *
   * @throws {FrameError} when too many have no answer yet.
   */
  ask(member: Member, page: { before?: string; limit: number }, isMember: () => boolean): void {
    if (member.asking >= MAX_ASKING) {
      throw new FrameError("rate_limited", "Too many requests for history at once", { retryAfterMs: 1_000 });
    }
    member.asking++;
    member.asked = member.asked
      .then(() => isMember() ? this.#send(member, page) : undefined)
      .finally(() => member.asking--);
  }

  /** A connection has become a member. If it has an account, it is notified of what the account reads on other connections. */
  joined(member: Member): void {
    const { user } = member;
    if (!hasAccount(user)) return;
    const { unreadRooms, failed } = this.#parts;
    const room = this.#room;
    const read: Follower["read"] = (id, unread) =>
      member.sendEvent(encodeFrame({ type: "read", id, unread }));
    const follower = { room, read, end: () => end() };
    const end = unreadRooms.follow(user.id, follower);
    this.#followers.set(member, follower);
    unreadRooms.enter(user.id, room).catch(failed);
  }

  /** A connection is no member any more. */
  left(member: Member): void {
    this.#followers.get(member)?.end();
    this.#followers.delete(member);
  }

  /**
   * Notes that a member has read up to a message.
   *
   * @throws {FrameError} when it has no account.
   */
  read(member: Member, id: string): void {
    const follower = this.#followers.get(member);
    if (!follower) throw new FrameError("not_allowed", "Only accounts keep what they have read");
    this.#parts.unreadRooms.read(member.user.id, this.#room, id, follower).catch((error) => {
      if (error instanceof FrameError) return member.refuse(error);
      this.#parts.failed(error);
      member.failed(undefined);
    });
  }

  /** Sends all messages after the cursor that aren't in memory. */
  async catchUp(connection: Connection, cursor: Cursor, person: string): Promise<void> {
    const { history } = this.#parts;
    for await (const page of history.archived(this.#room, cursor)) {
      connection.send(history.frame(page, person));
      await connection.drained();
    }
  }

  async #send(member: Member, { before, limit }: { before?: string; limit: number }): Promise<void> {
    const { history, current, failed, personOf } = this.#parts;
    try {
      await member.connection.drained();
      await current();
      const page = await history.before(this.#room, before, limit);
      member.connection.send(history.frame(page, personOf(this.#room, member.user)));
    } catch (error) {
      failed(error);
      member.failed(undefined);
    }
  }
}
