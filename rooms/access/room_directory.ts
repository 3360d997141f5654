/** The directory: all rooms there are, whether or not somebody is in them. */
import type { Archive } from "../messages/archive.ts";
import type { PermissionStore } from "./room_permissions.ts";

/** How long a list of all names may be used: whoever types a name asks with every letter. */
const KEPT_MS = 10_000;
/** Names that are read at most: with more of them a list is no help, and each is a read. */
const MOST_READ = 5_000;

/** Finds rooms by their names. */
export class RoomDirectory {
  readonly #archive: Archive;
  readonly #rules: PermissionStore;
  readonly #now: () => number;
  #names: Promise<readonly string[]> = Promise.resolve([]);
  #readAt = -Infinity;

  /** `now` is in milliseconds since the epoch. */
  constructor(parts: { archive: Archive; rules: PermissionStore; now: () => number }) {
    this.#archive = parts.archive;
    this.#rules = parts.rules;
    this.#now = parts.now;
  }

  /**
   * The rooms that something was said in or that have rules, whose names hold `filter` in any case, in the order of
   * their names. They are as of 10 s ago at most; one that something was said in for the first time may take seconds more.
   */
  async find(filter: string): Promise<string[]> {
    const now = this.#now();
    if (now - this.#readAt > KEPT_MS || now < this.#readAt) {
      this.#readAt = now;
      this.#names = this.#read();
      // What could not be read is read again next time.
      this.#names.catch(() => this.#readAt = -Infinity);
    }
    const wanted = filter.normalize("NFC").toLowerCase();
    return (await this.#names).filter((name) => name.toLowerCase().includes(wanted));
  }

  async #read(): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const list of [this.#rules.names(), this.#archive.rooms()]) {
      for await (const name of list) {
        if (names.size >= MOST_READ) break;
        names.add(name);
      }
    }
    return [...names].sort();
  }
}
