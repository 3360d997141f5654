/** The accounts that are connected to this isolate, and what is known of their rooms. */
import type { User } from "../../user.ts";
import { type AccountLevels, DEFAULT_SETTINGS } from "../watch/watch_levels.ts";
import type { RoomMark } from "./room_marks.ts";
import type { Count } from "./unread_count.ts";

/** A room of a connected account. */
export interface ReaderRoom {
  mark: RoomMark;
  /** What was counted last. */
  count?: Count;
  /** The frame that was sent last. */
  sent?: string;
}

/** A connected account. */
export interface Reader {
  readonly user: User;
  /** Take frames. */
  readonly listeners: Set<(frame: string) => void>;
  readonly rooms: Map<string, ReaderRoom>;
  mentions: ReadonlyMap<string, readonly string[]>;
  levels: Pick<AccountLevels, "of">;
  /** Resolves when its rooms are known. */
  loading: Promise<void>;
}

/** Finds connected accounts, and those of a room. */
export class ConnectedReaders {
  readonly #readers = new Map<string, Reader>();
  readonly #byRoom = new Map<string, Set<Reader>>();

  /** The accounts that are connected. */
  all(): Iterable<Reader> {
    return this.#readers.values();
  }

  /** The one with this id, if it is connected. */
  find(account: string): Reader | undefined {
    return this.#readers.get(account);
  }

  /** The connected accounts that have a room in their list. */
  of(room: string): Iterable<Reader> {
    return this.#byRoom.get(room) ?? [];
  }

  /** Whether a connected account has a room in its list. */
  has(room: string): boolean {
    return this.#byRoom.has(room);
  }

  /** Adds an account of which nothing is known yet. */
  add(user: User): Reader {
    const reader: Reader = {
      user,
      listeners: new Set(),
      rooms: new Map(),
      mentions: new Map(),
      levels: { of: () => DEFAULT_SETTINGS.level },
      loading: Promise.resolve(),
    };
    this.#readers.set(user.id, reader);
    return reader;
  }

  /** Removes an account. */
  remove(reader: Reader): void {
    if (this.#readers.get(reader.user.id) !== reader) return;
    this.#readers.delete(reader.user.id);
    for (const room of reader.rooms.keys()) {
      const readers = this.#byRoom.get(room);
      readers?.delete(reader);
      if (!readers?.size) this.#byRoom.delete(room);
    }
  }

  /** Takes a mark of an account, unless it has a later one; answers whether it was taken. */
  note(reader: Reader, mark: RoomMark): boolean {
    const known = reader.rooms.get(mark.room);
    if (known && known.mark.seq >= mark.seq) return false;
    if (known) known.mark = mark;
    else reader.rooms.set(mark.room, { mark });
    const readers = this.#byRoom.get(mark.room) ?? new Set();
    this.#byRoom.set(mark.room, readers.add(reader));
    return true;
  }

  /** Forgets the counts of a room. */
  recount(room: string): void {
    for (const { rooms } of this.of(room)) delete rooms.get(room)?.count;
  }

  /** Forgets everybody. */
  clear(): void {
    this.#readers.clear();
    this.#byRoom.clear();
  }
}
