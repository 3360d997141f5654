/**
 * Makes commits exactly once, even when the answer is lost on the network.
 *
 * A KV client sends a commit again when its connection breaks (https://github.com/denoland/denokv, `remote`), though the
 * first one may have been carried out. So where KV is behind a network, every commit also sets a number under a key of
 * this process, and checks that the key is unchanged since the last commit. A repeated commit is then refused, and the
 * stored number shows that the first one was made.
 *
 * | key | value |
 * | --- | --- |
 * | `["seal", id]` | the number of its last commit |
 */
import { type Lease, LeaseLostError } from "./lease.ts";

/** One of the checks that the commit came with failed. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor() {
    super("Committing failed: what the commit depends on has changed");
  }
}

interface IdempotentCommitParts {
  readonly kv: Deno.Kv;
  /** Whether KV is behind a network. */
  readonly isRemote: boolean;
  /** Only its holder may commit; missing: everybody may. */
  readonly lease?: Lease;
}

/** Makes one process's commits; over a network one after the other. */
export class IdempotentCommit {
  readonly #parts: IdempotentCommitParts;
  readonly #key: Deno.KvKey = ["seal", crypto.randomUUID()];
  #number = 0;
  /** The versionstamp of {@link #key}. */
  #stamp: string | null = null;
  /** Whether {@link #stamp} may be out of date, because the outcome of a commit isn't known. */
  #isUncertain = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: IdempotentCommitParts) {
    this.#parts = parts;
  }

  /**
   * Makes a commit; returns its versionstamp.
   *
   * @throws {LeaseLostError} when another process has taken the lease.
   * @throws {RefusedError} when one of the commit's own checks failed.
   * @throws {Error} when KV can't be reached; whether the commit was made isn't known then.
   */
  commit(commit: Deno.AtomicOperation): Promise<string> {
    const { isRemote, lease } = this.#parts;
    const guarded = lease ? lease.guard(commit) : commit;
    if (!isRemote) return this.#commitHere(guarded);
    // One after the other: each checks the versionstamp of the one before.
    const made = this.#last.then(() => this.#commitThere(guarded));
    this.#last = made.catch(() => {});
    return made;
  }

  /** Deletes its key, after the last commit. */
  async close(): Promise<void> {
    await this.#last;
    if (this.#number) await this.#parts.kv.delete(this.#key);
  }

  async #commitHere(commit: Deno.AtomicOperation): Promise<string> {
    const result = await commit.commit();
    if (!result.ok) throw this.#refused();
    return result.versionstamp;
  }

  async #commitThere(commit: Deno.AtomicOperation): Promise<string> {
    if (this.#isUncertain) await this.#read();
    const number = ++this.#number;
    commit.check({ key: this.#key, versionstamp: this.#stamp }).set(this.#key, number);
    this.#isUncertain = true;
    const result = await commit.commit().catch((error: unknown) => error);
    if (isMade(result)) {
      this.#isUncertain = false;
      return this.#stamp = result.versionstamp;
    }
    if (await this.#read() === number && this.#stamp) return this.#stamp;
    throw result instanceof Error ? result : this.#refused();
  }

  /** The number of the last commit that was made. */
  async #read(): Promise<number | null> {
    const entry = await this.#parts.kv.get<number>(this.#key);
    this.#stamp = entry.versionstamp;
    this.#isUncertain = false;
    return entry.value;
  }

  #refused(): Error {
    const { lease } = this.#parts;
    if (!lease) return new RefusedError();
    lease.drop();
    return new LeaseLostError();
  }
}

function isMade(result: unknown): result is Deno.KvCommitResult {
  return typeof result === "object" && result !== null && "ok" in result && result.ok === true;
}
