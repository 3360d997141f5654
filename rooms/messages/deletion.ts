/**
 * Erases all messages of one person, and forgets those that are too old. They disappear from the archive and from the
 * memory of every process; the sheet keeps its rows. A single message is deleted by an entry, see `entry.ts`.
 */
import { encodeTime } from "ulid";
import { wait } from "../clock.ts";
import type { Archive } from "./archive.ts";
import type { Change, ChangeFeed } from "../kv/change_feed.ts";
import type { History } from "./history.ts";
import {
  fieldsIn,
  fileIdsIn,
  idIn,
  isDeleted,
  isErased,
  type Line,
  messageIn,
  withoutPerson,
} from "./message.ts";
import { withoutQuote } from "./entries/entry.ts";
import { withoutReactionsBy } from "./entries/reactions.ts";
import type { Message, ServerFrame } from "../protocol.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Old messages are removed once an hour. */
const FORGET_EVERY_MS = 60 * 60 * 1000;
/** The newest messages of a room, of which members hear that they are gone: pages that show older ones need a reload. */
const ANNOUNCED_LINES = 1_000;

/** Whose notifications are taken back: those of one message, or of all that one user name said. */
export type Withdrawal = { readonly id: string } | { readonly username: string };

/** What deletion works with. */
export interface DeletionParts {
  readonly kv: Deno.Kv;
  readonly archive: Archive;
  readonly history: History;
  readonly changes: ChangeFeed;
  /** Sends a frame to a room's members. */
  readonly send: (room: string, frame: ServerFrame) => void;
  /** Resolves when the history has everything that is durable by now. */
  readonly caughtUp: () => Promise<void>;
  /** Adds to a commit that these files go with their messages. */
  readonly dropFiles: (commit: Deno.AtomicOperation, ids: readonly string[]) => void;
  /** Adds to a commit that nobody is to be notified any more. */
  readonly withdraw: (commit: Deno.AtomicOperation, what: Withdrawal) => void;
}

/** Deletes messages for everybody, and applies deletions made elsewhere to this process's memory. */
export class Deletion {
  readonly #parts: DeletionParts;

  constructor(parts: DeletionParts) {
    this.#parts = parts;
    parts.changes.listen((change) => this.#apply(change));
  }

  /** All messages under a user name, room by room. */
  async *messagesOf(username: string): AsyncGenerator<Message> {
    const { archive } = this.#parts;
    await archive.advance();
    for await (const room of archive.rooms()) {
      for await (const page of archive.pagesFrom(room, "")) {
        yield* page.filter((line) => isBy(line, username)).map(messageIn);
      }
    }
  }

  /** Erases the text of all messages under a user name, and the name with it; answers how many messages that were. */
  async erase(username: string): Promise<number> {
    const { kv, archive, changes, withdraw } = this.#parts;
    let erased = 0;
    const change = erasing(username);
    const files = new LostFiles(this.#parts);
    // A room that is in no page yet would be missed.
    await archive.advance();
    for await (const room of archive.rooms()) {
      const announce = (commit: Deno.AtomicOperation): void => {
        changes.add(commit, { type: "erased", username, room });
        // The first commit suffices: after an interruption the caller asks again.
        if (!erased) withdraw(commit, { username });
        files.drop(commit);
      };
      for await (const count of archive.revise(room, "", files.watch(change), announce)) erased += count;
      await archive.entries.erase(room, username);
    }
    // Messages that came meanwhile were erased too, but their notifications may be later than the first withdrawal.
    const last = kv.atomic();
    withdraw(last, { username });
    await changes.add(last, { type: "erased", username }).commit();
    await changes.poll();
    return erased;
  }

  /** Removes all messages before a time, in milliseconds since the epoch; answers how many that were. */
  async forgetBefore(time: number): Promise<number> {
    const { archive, history } = this.#parts;
    const first = encodeTime(Math.max(0, time));
    const change = (line: Line): Line | undefined => idIn(line) < first ? undefined : line;
    let forgotten = 0;
    const files = new LostFiles(this.#parts);
    const also = (commit: Deno.AtomicOperation): void => files.drop(commit);
    for await (const room of archive.rooms()) {
      for await (const count of archive.revise(room, "", files.watch(change), also)) {
        forgotten += count;
        // Later pages have later messages.
        if (!count) break;
      }
      await this.#forgetEntries(room, first);
    }
    for (const room of history.rooms) history.revise(room, change);
    return forgotten;
  }

  /**
   * Removes messages that are older than `retentionDays` (0: none) once an hour, until the signal aborts. `forgotten`
   * hears how many were removed, `failed` what went wrong; the next hour tries again.
   */
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
      await wait(FORGET_EVERY_MS, signal);
    }
  }

  /** Removes a room's entries before the id `first`, and what later replies quote of earlier messages. */
  async #forgetEntries(room: string, first: string): Promise<void> {
    const { archive, history } = this.#parts;
    for await (const reply of archive.entries.forgetBefore(room, first)) {
      const unquoting = (line: Line): Line => idIn(line) === reply ? withoutQuote(line) : line;
      const { page } = await archive.locate(room, reply);
      for await (const count of archive.revise(room, page, unquoting)) if (count) break;
      history.revise(room, unquoting);
    }
  }

  /** Applies to memory what was done to the archive, here or elsewhere, and sends it to members. */
  async #apply(change: Change): Promise<void> {
    const { history } = this.#parts;
    switch (change.type) {
      case "erased": {
        // From the archive, and not by the name: somebody else may have taken it since.
        const rooms = change.room === undefined ? history.rooms : [change.room];
        return await this.#reread(rooms, isErased);
      }
      case "unknown":
        return await this.#reread(history.rooms, isDeleted);
    }
  }

  /** Makes memory equal to the archive, and sends to members which of the newest messages are gone. */
  async #reread(rooms: readonly string[], isGone: (line: Line) => boolean): Promise<void> {
    const { history, caughtUp } = this.#parts;
    await caughtUp();
    for (const room of rooms) {
      await history.reread(room);
      if (!history.isHeld(room)) continue;
      for (const line of (await this.#newest(room)).filter(isGone)) this.#sendDeleted(room, idIn(line));
    }
  }

  /** The newest lines of a room in the archive, in no order. */
  async #newest(room: string): Promise<Line[]> {
    const newest: Line[] = [];
    for await (const lines of this.#parts.archive.pagesUpTo(room, undefined)) {
      newest.push(...lines.slice(newest.length - ANNOUNCED_LINES));
      if (newest.length >= ANNOUNCED_LINES) break;
    }
    return newest;
  }

  #sendDeleted(room: string, id: string): void {
    this.#parts.send(room, { type: "message_deleted", room, id });
  }
}

/** Collects the files of messages that a change of a page takes away. */
class LostFiles {
  readonly #parts: Pick<DeletionParts, "dropFiles">;
  #ids = new Set<string>();

  constructor(parts: Pick<DeletionParts, "dropFiles">) {
    this.#parts = parts;
  }

  /** The same change, which may be tried several times before its commit. */
  watch(change: (line: Line) => Line | undefined): (line: Line) => Line | undefined {
    return (line) => {
      const changed = change(line);
      if (changed !== line) {
        const left = changed === undefined ? [] : fileIdsIn(changed);
        for (const id of fileIdsIn(line)) if (!left.includes(id)) this.#ids.add(id);
      }
      return changed;
    };
  }

  /** Adds to the commit of the change that the files go, too. */
  drop(commit: Deno.AtomicOperation): void {
    this.#parts.dropFiles(commit, [...this.#ids]);
    this.#ids = new Set();
  }
}

/** Erases what a person said, what others' replies quote of it, and the name beside reactions. */
function erasing(username: string): (line: Line) => Line {
  const name = JSON.stringify(username);
  return (line) => {
    // The search spares parsing most lines.
    if (!line.includes(name)) return line;
    if (isBy(line, username)) return withoutPerson(line);
    const unquoted = fieldsIn(line).reply_to?.username === username ? withoutQuote(line) : line;
    return withoutReactionsBy(unquoted, username);
  };
}

function isBy(line: Line, username: string): boolean {
  return line.includes(JSON.stringify(username)) && fieldsIn(line).username === username;
}
