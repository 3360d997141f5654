/** Opens the database with all that guards it. */
import { dirname } from "node:path";
import { hasQueue, Queue } from "./queue.ts";
import { retryWhenLocked } from "./retry_when_locked.ts";
import type { StorageGuard } from "./storage_guard.ts";
import { migrate, type Migration } from "./stored_version.ts";

/** The database, and how it is used. */
export interface OpenKvOptions {
  /** The path of a database file, `:memory:`, the URL of a KV Connect server, or `undefined` for the platform's own. */
  readonly path: string | undefined;
  /** The path where it is a file: its folder is made. */
  readonly file: string | undefined;
  readonly storage: StorageGuard;
  /** The steps to this program's version. */
  readonly migrations: readonly Migration[];
  /** Whether other isolates of this process write to it, too. */
  readonly isShared: boolean;
  /** Whether its queue is used where it has one. */
  readonly wantsQueue: boolean;
}

/**
 * Opens the database, and brings what is stored to this program's version; `queue` is missing where it has none.
 * @throws {NewerDataError} when a newer program has written it, and what KV throws when it can't be opened.
 */
export async function openKv(options: OpenKvOptions): Promise<{ kv: Deno.Kv; queue: Queue | undefined }> {
  const { path, file, storage, migrations, isShared, wantsQueue } = options;
  if (file !== undefined) await Deno.mkdir(dirname(file), { recursive: true });
  const guarded = storage.guard(await Deno.openKv(path));
  const kv = isShared ? retryWhenLocked(guarded) : guarded;
  try {
    await migrate(kv, migrations);
    return { kv, queue: wantsQueue && await hasQueue(kv) ? new Queue(kv) : undefined };
  } catch (error) {
    kv.close();
    throw error;
  }
}
