/**
 * What was said, taken back: one message, one person's, or all that is old. It is gone from the archive and from the
 * memory of every process; the sheet keeps its rows.
 */
import { encodeTime } from "ulid";
import type { Archive } from "./archive.ts";
import type { Change, ChangeFeed } from "../kv/change_feed.ts";
import type { History } from "./history.ts";
import {
  idIn,
  isDeleted,
  isErased,
  type Line,
  type Message,
  messageIn,
  withoutPerson,
  withoutText,
} from "./message.ts";
import type { ServerFrame } from "../protocol.ts";

/** A ULID. */
const ID_LENGTH = 26;
const DAY_MS = 24 * 60 * 60 * 1000;
const FORGET_EVERY_MS = 60 * 60 * 1000;
/** Messages of a room that its members may still show; who scrolled further back has to load the page anew. */
const TOLD_LINES = 1_000;

/** Whose notifications are taken back: those of one message, or of all that one user name said. */
export type Withdrawal = { readonly id: string } | { readonly username: string };

export class Deletion {
  readonly #kv: Deno.Kv;
  readonly #archive: Archive;
  readonly #history: History;
  readonly #changes: ChangeFeed;
  readonly #tell: (room: string, frame: ServerFrame) => void;
  readonly #caughtUp: () => Promise<void>;
  readonly #withdraw: (commit: Deno.AtomicOperation, what: Withdrawal) => void;

  /**
   * `tell` brings a frame to a room's members; `caughtUp` resolves when all that is durable by now has come to the
   * history; `withdraw` adds to a commit that nobody is to be notified of a message any more, or of anyone's.
   */
  constructor(parts: {
    kv: Deno.Kv;
    archive: Archive;
    history: History;
    changes: ChangeFeed;
    tell: (room: string, frame: ServerFrame) => void;
    caughtUp: () => Promise<void>;
    withdraw: (commit: Deno.AtomicOperation, what: Withdrawal) => void;
  }) {
    this.#kv = parts.kv;
    this.#archive = parts.archive;
    this.#history = parts.history;
    this.#changes = parts.changes;
    this.#tell = parts.tell;
    this.#caughtUp = parts.caughtUp;
    this.#withdraw = parts.withdraw;
    parts.changes.listen((change) => this.#heed(change));
  }

  /** Deletes a message for everyone; its place, sender and time stay. False when the room has no such message. */
  async deleteMessage(room: string, id: string): Promise<boolean> {
    if (id.length !== ID_LENGTH) return false;
    const change = deleting(id);
    const told = (commit: Deno.AtomicOperation): void => {
      this.#changes.add(commit, { type: "deleted", room, id });
      this.#withdraw(commit, { id });
    };
    // What is not in a page yet has no place.
    await this.#archive.advance();
    const { page, isThere } = await this.#archive.place(room, id);
    if (!isThere) return false;
    for await (const count of this.#archive.revise(room, page, change, told)) {
      if (!count) continue;
      await this.#changes.look();
      return true;
    }
    return false;
  }

  /** All that was said under a name, room by room. */
  async *messagesOf(username: string): AsyncGenerator<Message> {
    await this.#archive.advance();
    for await (const room of this.#archive.rooms()) {
      for await (const page of this.#archive.pagesFrom(room, "")) {
        yield* page.filter((line) => isBy(line, username)).map(messageIn);
      }
    }
  }

  /** Erases all that was said under a name, and the name with it; answers how many messages that were. */
  async erase(username: string): Promise<number> {
    const change = erasing(username);
    let erased = 0;
    // A room that is in no page yet would be passed over.
    await this.#archive.advance();
    for await (const room of this.#archive.rooms()) {
      const told = (commit: Deno.AtomicOperation): void => {
        this.#changes.add(commit, { type: "erased", username, room });
        // Once is enough: should this be cut short, it is asked for again.
        if (!erased) this.#withdraw(commit, { username });
      };
      for await (const count of this.#archive.revise(room, "", change, told)) erased += count;
    }
    // What was said meanwhile has been erased, too, but may have been told after the first withdrawal.
    const last = this.#kv.atomic();
    this.#withdraw(last, { username });
    await this.#changes.add(last, { type: "erased", username }).commit();
    await this.#changes.look();
    return erased;
  }

  /** Takes out what was said before a time; answers how many messages that were. */
  async forgetBefore(time: number): Promise<number> {
    const first = encodeTime(Math.max(0, time));
    const change = (line: Line): Line | undefined => idIn(line) < first ? undefined : line;
    let forgotten = 0;
    for await (const room of this.#archive.rooms()) {
      for await (const count of this.#archive.revise(room, "", change)) {
        forgotten += count;
        // Later pages hold later messages.
        if (!count) break;
      }
    }
    for (const room of this.#history.rooms) this.#history.revise(room, change);
    return forgotten;
  }

  /** Forgets again and again what is older than so many days, until stopped; 0 = never. */
  async run(
    { retentionDays, now, signal, forgotten, failed }: {
      retentionDays: number;
      now: () => number;
      signal: AbortSignal;
      forgotten: (messages: number) => void;
      failed: (error: unknown) => void;
    },
  ): Promise<void> {
    while (retentionDays && !signal.aborted) {
      try {
        const messages = await this.forgetBefore(now() - retentionDays * DAY_MS);
        if (messages) forgotten(messages);
      } catch (error) {
        failed(error);
      }
      await untilAborted(FORGET_EVERY_MS, signal);
    }
  }

  /** Brings to memory, and to the members who are here, what was done to the archive, here or elsewhere. */
  async #heed(change: Change): Promise<void> {
    switch (change.type) {
      case "deleted": {
        const { room, id } = change;
        // What comes to memory later than the news of its end would stay there.
        await this.#caughtUp();
        this.#history.revise(room, deleting(id));
        return this.#tellDeleted(room, id);
      }
      case "erased": {
        // From the archive, and not by the name: it may have been used again since.
        const rooms = change.room === undefined ? this.#history.rooms : [change.room];
        return await this.#reread(rooms, isErased);
      }
      case "unknown":
        return await this.#reread(this.#history.rooms, isDeleted);
    }
  }

  /** Makes memory what the archive is, and tells members of those of the newest messages that are gone. */
  async #reread(rooms: readonly string[], isGone: (line: Line) => boolean): Promise<void> {
    await this.#caughtUp();
    for (const room of rooms) {
      await this.#history.reread(room);
      if (!this.#history.isHeld(room)) continue;
      const newest = await this.#history.newest(room, TOLD_LINES);
      for (const line of newest.filter(isGone)) this.#tellDeleted(room, idIn(line));
    }
  }

  #tellDeleted(room: string, id: string): void {
    this.#tell(room, { type: "message_deleted", room, id });
  }
}

function deleting(id: string): (line: Line) => Line {
  return (line) => idIn(line) === id && !isDeleted(line) ? withoutText(line) : line;
}

function erasing(username: string): (line: Line) => Line {
  return (line) => isBy(line, username) ? withoutPerson(line) : line;
}

function isBy(line: Line, username: string): boolean {
  // Most lines are told apart without reading them.
  return line.includes(JSON.stringify(username)) && messageIn(line).username === username;
}

function untilAborted(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
