/**
 * Guards against writes that a restart would lose, and against a full disk.
 *
 * A database file that was deleted, moved or replaced keeps working for processes that have it open, and is gone when they
 * end. So every write checks that the file is still there before it succeeds.
 *
 * A thread of Deno's own deletes what has expired, and ends the process when it can't (measured, and in `denokv_sqlite`). So
 * the last {@link SPARE_BYTES} of a disk are left to it.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Nothing can be stored: the database file isn't where it was opened, or its disk is full. */
export class StorageLostError extends Error {
  override readonly name = "StorageLostError";
  /** The code of the answer over HTTP. */
  readonly code = "storage_lost";
}

/** Differs between two files at the same path. */
interface Identity {
  readonly dev: number;
  readonly ino: number | null;
}

/** SQLite stores recent commits in the second file until it copies them to the first (https://sqlite.org/wal.html). */
const SUFFIXES = ["", "-wal"];

/**
 * SQLite's errors about the disk (https://sqlite.org/rescode.html). Writes also fail because they are too large, or
 * because another process is writing; those are no trouble of the storage.
 */
const FAILURE =
  /database or disk is full|readonly database|disk I\/O error|unable to open database file|disk image is malformed|not a database/;

/** Free space on the disk below which nothing more is stored. */
const SPARE_BYTES = 8 * 1024 * 1024;
/** Interval between measurements of the free space while there is enough. */
const MEASURE_EVERY_MS = 1_000;

/** Watches one database file. */
export class StorageGuard {
  readonly #path: string | undefined;
  readonly #troubled: (trouble: string | undefined) => void;
  readonly #opened = new Map<string, Identity>();
  #loss: string | undefined;
  #failure: string | undefined;
  #isFull = false;
  #measuredAt = -Infinity;
  #reported: string | undefined;

  /**
   * `path` is that of the database file; `undefined` for databases without one. `troubled` is called with a sentence for
   * operators when something is wrong, and with `undefined` when it isn't any more.
   */
  constructor(path: string | undefined, troubled: (trouble: string | undefined) => void) {
    this.#path = path;
    this.#troubled = troubled;
  }

  /** Why nothing may be acknowledged; `undefined` when the file was in its place at the last check, on a disk with space. */
  get loss(): string | undefined {
    // Each message asks; each write and each check measures, too.
    if (this.#isFull) this.#measureSpace();
    return this.#loss ?? (this.#isFull ? this.#failure : undefined);
  }

  /** What is wrong, in a sentence for operators: the loss of the file, or the failure of the last write. */
  get trouble(): string | undefined {
    return this.#loss ?? this.#failure;
  }

  /**
   * Makes a KV that was just opened refuse all writes once its file is lost, also those of atomic operations.
   *
   * @throws {StorageLostError} from a write, when the file is lost.
   */
  guard(kv: Deno.Kv): Deno.Kv {
    this.check();
    const [set, remove, enqueue] = [kv.set.bind(kv), kv.delete.bind(kv), kv.enqueue.bind(kv)];
    const atomic = kv.atomic.bind(kv);
    // Changes the object itself: a proxy would cost time in every step of every commit.
    kv.set = (...args) => this.#write(() => set(...args));
    kv.delete = (...args) => this.#write(() => remove(...args));
    kv.enqueue = (...args) => this.#write(() => enqueue(...args));
    kv.atomic = () => {
      const operation = atomic();
      const commit = operation.commit.bind(operation);
      operation.commit = () => this.#write(commit);
      return operation;
    };
    return kv;
  }

  /** Checks whether the files are where they were. */
  check(): void {
    this.#loss = undefined;
    this.#measureSpace();
    for (const suffix of SUFFIXES) this.#loss ??= this.#lossOf(suffix);
    this.#report();
  }

  async #write<T>(write: () => Promise<T>): Promise<T> {
    this.#measureSpace();
    this.#demand();
    let result: T;
    try {
      result = await write();
    } catch (error) {
      const said = FAILURE.exec(String(error))?.[0];
      if (!said) throw error;
      this.#failure = `The last write to the database failed: ${said}`;
      this.#report();
      throw new StorageLostError(this.#failure, { cause: error });
    }
    this.#failure = undefined;
    this.#loss ??= this.#lossOf("");
    this.#report();
    // The write was made, but in a file that nobody will find.
    this.#demand();
    return result;
  }

  #demand(): void {
    const { loss } = this;
    if (loss === undefined) return;
    this.#report();
    throw new StorageLostError(loss);
  }

  /** Measures the free space, at most once a second while there is enough. */
  #measureSpace(): void {
    if (
      this.#path === undefined || (!this.#isFull && performance.now() - this.#measuredAt < MEASURE_EVERY_MS)
    ) {
      return;
    }
    this.#measuredAt = performance.now();
    const free = freeBytes(dirname(this.#path));
    const wasFull = this.#isFull;
    this.#isFull = free < SPARE_BYTES;
    if (this.#isFull) {
      this.#failure =
        `The disk of ${this.#path} is full: fewer than ${
          SPARE_BYTES / 1024 / 1024
        } MiB are free, and nothing is ` +
        "stored until there are more";
    } else if (wasFull) this.#failure = undefined;
  }

  #lossOf(suffix: string): string | undefined {
    if (this.#path === undefined) return undefined;
    const path = this.#path + suffix;
    const opened = this.#opened.get(path);
    const found = identityOf(path);
    if (!opened) {
      if (typeof found === "object") this.#opened.set(path, found);
      return undefined;
    }
    if (found === "unknown") return undefined;
    if (found !== "gone" && found.dev === opened.dev && found.ino === opened.ino) return undefined;
    const what = found === "gone" ? "was deleted or moved away" : "was replaced by another file";
    return `The database file ${path} ${what} while it was in use: nothing is stored any more. Put it back, or save ` +
      `what process ${Deno.pid} has still open (on Linux in /proc/${Deno.pid}/fd) before you start the service anew`;
  }

  #report(): void {
    if (this.trouble === this.#reported) return;
    this.#reported = this.trouble;
    this.#troubled(this.#reported);
  }
}

/** Free space for this process; infinite where it can't be found out. */
function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

/** Synchronous, so that nothing comes between a commit, this check and the acknowledgement. */
function identityOf(path: string): Identity | "gone" | "unknown" {
  try {
    const { dev, ino } = Deno.statSync(path);
    return { dev, ino };
  } catch (error) {
    // Without permission for the directory nothing is known.
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory
      ? "gone"
      : "unknown";
  }
}
