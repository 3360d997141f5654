/** Opens the database that the configuration names. */
import { openKv } from "../../rooms/kv/open_kv.ts";
import { MIGRATIONS } from "../../rooms/migrations.ts";
import type { Queue } from "../../rooms/kv/queue.ts";
import { StorageGuard } from "../../rooms/kv/storage_guard.ts";
import { NewerDataError } from "../../rooms/kv/stored_version.ts";
import { type Config, ConfigError, databaseFile } from "../config.ts";
import type { Logger } from "../logger.ts";
import { storeTrouble } from "./start_check.ts";

/** The database, its queue where it has one and one is wanted, and what notices that its file is lost. */
export interface OpenStorage {
  readonly kv: Deno.Kv;
  readonly queue: Queue | undefined;
  readonly storage: StorageGuard;
}

/**
 * Opens it; `log` gets lines about what happens to its file.
 * @throws {ConfigError} that says why it can't be opened, and what is wanted.
 */
export async function openStorage(config: Config, log: Logger): Promise<OpenStorage> {
  const { kvPath: path, fanOut, logDelivery } = config;
  const file = databaseFile(config);
  const storage = new StorageGuard(file, (reason) => {
    if (reason) log.error("storage_troubled", { reason });
    else log.info("storage_recovered");
  });
  try {
    const isShared = fanOut === "broadcast";
    const opened = await openKv({
      path,
      file,
      storage,
      migrations: MIGRATIONS,
      isShared,
      // Deno takes messages off the queue of a file in a thread that ends the process when the disk is full.
      wantsQueue: logDelivery === "queue" || (logDelivery === "auto" && file === undefined),
    });
    if (logDelivery !== "queue" || opened.queue) return { ...opened, storage };
    opened.kv.close();
  } catch (cause) {
    const sentence = cause instanceof NewerDataError ? cause.message : storeTrouble(path, cause);
    throw new ConfigError(sentence, { cause });
  }
  throw new ConfigError('LOG_DELIVERY is "queue", but this KV has no queues; wanted: auto or sweep');
}
