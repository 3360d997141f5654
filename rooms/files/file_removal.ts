/** Removes files whose messages are gone, and those that no message ever named. */
import type { FileLinks } from "./file_links.ts";
import type { FileRecords } from "./file_records.ts";
import type { FileStorage } from "./file_storage.ts";

/** What {@link FileRemoval} works with. */
export interface FileRemovalParts {
  readonly records: FileRecords;
  readonly storage: FileStorage;
  readonly links: FileLinks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** A file that no message names is deleted after a day. */
export const UNNAMED_LIFE_MS = 24 * 60 * 60 * 1000;
/** Ticks between searches for files that no message names, and the pause after the storage couldn't be reached. */
const ORPHANS_EVERY_TICKS = 30;
/** Keys of files to remove that are read at a time. */
const REMOVED_AT_ONCE = 100;

/** Removes what is due. Several processes may do each step at once or again, so that no lease is needed. */
export class FileRemoval {
  readonly #parts: FileRemovalParts;
  #ticks = 0;
  #restsUntil = 0;
  #removing: Promise<void> | undefined;

  constructor(parts: FileRemovalParts) {
    this.#parts = parts;
    parts.links.listen(() => {
      this.#removeGone().catch((error) => parts.failed("files_removal_failed", error));
    });
  }

  /** Removes what other processes noted, and from time to time what no message names. */
  async tick(): Promise<void> {
    const tick = this.#ticks++;
    if (tick < this.#restsUntil) return;
    try {
      await this.#removeGone();
      if (tick % ORPHANS_EVERY_TICKS === 0) await this.#removeOrphans();
    } catch (error) {
      this.#restsUntil = tick + ORPHANS_EVERY_TICKS;
      throw error;
    }
  }

  /** Removes all that is due by now. */
  async sweep(): Promise<void> {
    await this.#removeGone();
    await this.#removeOrphans();
  }

  /** Resolves when nothing is being removed. */
  async close(): Promise<void> {
    await this.#removing?.catch(() => {});
  }

  /** Starts anew after the removal under way, which may have read the keys too early. */
  #removeGone(): Promise<void> {
    const before = this.#removing?.catch(() => {});
    const removing = before ? before.then(() => this.#removeNoted()) : this.#removeNoted();
    this.#removing = removing;
    return removing.finally(() => {
      if (this.#removing === removing) this.#removing = undefined;
    });
  }

  async #removeNoted(): Promise<void> {
    const { records } = this.#parts;
    for (;;) {
      const notes = await records.gone(REMOVED_AT_ONCE);
      for (const { key, ids } of notes) {
        for (const id of ids) await this.#remove(id);
        await records.settle(key);
      }
      if (notes.length < REMOVED_AT_ONCE) return;
    }
  }

  async #removeOrphans(): Promise<void> {
    const { records, now } = this.#parts;
    for (;;) {
      const ids = await records.waitingSince(now() - UNNAMED_LIFE_MS, REMOVED_AT_ONCE);
      for (const id of ids) await this.#remove(id);
      if (ids.length < REMOVED_AT_ONCE) return;
    }
  }

  /** The storage comes first: a file that is left there without a key in KV would stay for ever. */
  async #remove(id: string): Promise<void> {
    await this.#parts.storage.remove(id);
    await this.#parts.records.forget(id);
  }
}
