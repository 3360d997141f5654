/** Opens the database that the configuration names. */
import { openKv } from "../../rooms/kv/open_kv.ts";
import type { Queue } from "../../rooms/kv/queue.ts";
import type { StorageGuard } from "../../rooms/kv/storage_guard.ts";
import { NewerDataError } from "../../rooms/kv/stored_version.ts";
import { type Config, ConfigError, databaseFile } from "../config.ts";
import { storeTrouble } from "./start_check.ts";

/**
 * Opens it, guarded by `storage`; `queue` is missing where it has none, or none is wanted.
 * @throws {ConfigError} that says why it can't be opened, and what is wanted.
 */
export async function openStorage(
  config: Config,
  storage: StorageGuard,
): Promise<{ kv: Deno.Kv; queue: Queue | undefined }> {
  const { kvPath: path, fanOut, logDelivery } = config;
  const file = databaseFile(config);
  try {
    const isShared = fanOut === "broadcast";
    const opened = await openKv({ path, file, storage, isShared, wantsQueue: logDelivery !== "sweep" });
    if (logDelivery !== "queue" || opened.queue) return opened;
    opened.kv.close();
  } catch (cause) {
    const sentence = cause instanceof NewerDataError ? cause.message : storeTrouble(path, cause);
    throw new ConfigError(sentence, { cause });
  }
  throw new ConfigError('LOG_DELIVERY is "queue", but this KV has no queues; wanted: auto or sweep');
}
