/**
 * Whether what is written to KV will be there after a restart. A database file that was deleted, moved or replaced goes
 * on working for whoever has it open, and takes everything with it when the process ends; so every write looks whether
 * the file is still there before its success is told.
 */

/** Nothing can be stored: the database file isn't where it was opened. */
export class StorageLostError extends Error {
  override readonly name = "StorageLostError";
  /** For those who ask over HTTP. */
  readonly code = "storage_lost";
}

/** What tells a file from another one at the same path. */
interface Identity {
  readonly dev: number;
  readonly ino: number | null;
}

/** SQLite keeps what was committed last in the second one, until it copies it to the first (https://sqlite.org/wal.html). */
const SUFFIXES = ["", "-wal"];

/**
 * What SQLite calls a disk that doesn't take a write (https://sqlite.org/rescode.html); a write can also fail because it
 * is too large, or because somebody else is writing.
 */
const FAILURE =
  /database or disk is full|readonly database|disk I\/O error|unable to open database file|disk image is malformed|not a database/;

export class StorageGuard {
  readonly #path: string | undefined;
  readonly #troubled: (trouble: string | undefined) => void;
  readonly #opened = new Map<string, Identity>();
  #loss: string | undefined;
  #failure: string | undefined;
  #told: string | undefined;

  /**
   * `path` is that of the database file; `undefined` for databases without one. `troubled` is called when something is
   * wrong, with a sentence for operators, and with `undefined` when it isn't any more.
   */
  constructor(path: string | undefined, troubled: (trouble: string | undefined) => void) {
    this.#path = path;
    this.#troubled = troubled;
  }

  /** Why nothing may be acknowledged; `undefined` while the file is in its place, as far as the last look tells. */
  get loss(): string | undefined {
    return this.#loss;
  }

  /** What is wrong, the loss of the file or a write that failed last, in a sentence for operators. */
  get trouble(): string | undefined {
    return this.#loss ?? this.#failure;
  }

  /** Makes a KV that was just opened refuse to write once its file is lost; the writes of its atomic operations, too. */
  guard(kv: Deno.Kv): Deno.Kv {
    this.look();
    const [set, remove, enqueue] = [kv.set.bind(kv), kv.delete.bind(kv), kv.enqueue.bind(kv)];
    const atomic = kv.atomic.bind(kv);
    // The object itself is changed: a proxy would cost every part of every commit.
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

  /** Looks whether the files are where they were. */
  look(): void {
    this.#loss = undefined;
    for (const suffix of SUFFIXES) this.#loss ??= this.#lossOf(suffix);
    this.#tell();
  }

  async #write<T>(write: () => Promise<T>): Promise<T> {
    this.#demand();
    let result: T;
    try {
      result = await write();
    } catch (error) {
      const said = FAILURE.exec(String(error))?.[0];
      if (said) this.#failure = `The last write to the database failed: ${said}`;
      this.#tell();
      throw error;
    }
    this.#failure = undefined;
    this.#loss ??= this.#lossOf("");
    this.#tell();
    // It was made, in a file that nobody will find.
    this.#demand();
    return result;
  }

  #demand(): void {
    if (this.#loss !== undefined) throw new StorageLostError(this.#loss);
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

  #tell(): void {
    if (this.trouble === this.#told) return;
    this.#told = this.trouble;
    this.#troubled(this.#told);
  }
}

/** Looked up at once and not later: the answer belongs between a commit and its acknowledgement. */
function identityOf(path: string): Identity | "gone" | "unknown" {
  try {
    const { dev, ino } = Deno.statSync(path);
    return { dev, ino };
  } catch (error) {
    // A directory that may not be looked into is no proof of anything.
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory
      ? "gone"
      : "unknown";
  }
}
