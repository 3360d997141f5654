/** The directory of all rooms, whether or not somebody is in them. */
import type { Archive } from "../messages/archive.ts";
import type { PermissionStore } from "./room_permissions.ts";

/** The list of names is reused for 10 s, because pages search with every letter that is typed. */
const KEPT_MS = 10_000;
/** The most names in the list: each is a read, and people can't choose among more. */
const MOST_READ = 5_000;

/** Finds rooms by their names. */
export class RoomDirectory {
  readonly #archive: Archive;
  readonly #roomPermissions: PermissionStore;
  readonly #now: () => number;
  #names: Promise<readonly string[]> = Promise.resolve([]);
  #readAt = -Infinity;

  /** `now` is in milliseconds since the epoch. */
  constructor(parts: { archive: Archive; roomPermissions: PermissionStore; now: () => number }) {
    this.#archive = parts.archive;
    this.#roomPermissions = parts.roomPermissions;
    this.#now = parts.now;
  }

  /**
   * The rooms with messages or permissions whose names contain `filter` in any case, sorted by name. The list is up to
   * 10 s old; a room with its very first message may take seconds more.
   */
  async find(filter: string): Promise<string[]> {
    const now = this.#now();
    if (now - this.#readAt > KEPT_MS || now < this.#readAt) {
      this.#readAt = now;
      this.#names = this.#read();
      // A failed read is repeated by the next call.
      this.#names.catch(() => this.#readAt = -Infinity);
    }
    const wanted = filter.normalize("NFC").toLowerCase();
    return (await this.#names).filter((name) => name.toLowerCase().includes(wanted));
  }

  async #read(): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const list of [this.#roomPermissions.names(), this.#archive.rooms()]) {
      for await (const name of list) {
        if (names.size >= MOST_READ) break;
        names.add(name);
      }
    }
    return [...names].sort();
  }
}
