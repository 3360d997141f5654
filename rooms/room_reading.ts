/** Sends pages of a room's history to its members, and to those who are about to be. */
import type { Connection, Member } from "./member.ts";
import type { Cursor, History } from "./messages/history.ts";
import { FrameError } from "./protocol.ts";
import type { User } from "./user.ts";

/** What {@link RoomReading} works with. */
export interface RoomReadingParts {
  readonly history: History;
  readonly personOf: (room: string, user: User) => string;
  /** A promise to await before anything is served from memory; `undefined`: memory is up to date. */
  readonly current: () => Promise<void> | undefined;
  readonly failed: (error: unknown) => void;
}

/** Unanswered requests for history of one member. */
const MAX_ASKING = 5;

/** Reads the history of one room for its members. */
export class RoomReading {
  readonly #room: string;
  readonly #parts: RoomReadingParts;

  constructor(room: string, parts: RoomReadingParts) {
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
