/**
 * The seal makes commits: each once, also when the answer to it is lost on the way.
 *
 * A KV client sends a commit again when its connection breaks (https://github.com/denoland/denokv, `remote`), and the
 * first sending may have been carried out. So where KV is behind a network every commit moves a number that is the
 * seal's own, on the condition that nobody has moved it since the last commit: the second sending is refused, and the
 * number tells that the first was not.
 *
 * | key | value |
 * | --- | --- |
 * | `["seal", id]` | the number of its last commit |
 */
import { type Lease, LeaseLostError } from "./lease.ts";

/** A check of the commit itself failed. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor() {
    super("Committing failed: what the commit depends on has changed");
  }
}

export interface IdempotentCommitParts {
  readonly kv: Deno.Kv;
  /** Whether KV is behind a network. */
  readonly isRemote: boolean;
  /** Who doesn't hold it may not commit. */
  readonly lease?: Lease;
}

export class IdempotentCommit {
  readonly #parts: IdempotentCommitParts;
  readonly #key: Deno.KvKey = ["seal", crypto.randomUUID()];
  #number = 0;
  #stamp: string | null = null;
  /** Whether {@link #stamp} may be out of date: an outcome could not be found out. */
  #isUncertain = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: IdempotentCommitParts) {
    this.#parts = parts;
  }

  /**
   * Makes a commit; answers its versionstamp. Throws {@link LeaseLostError}, {@link RefusedError}, or what KV throws
   * when it can't be reached; then it isn't made, as far as anyone can know.
   */
  commit(commit: Deno.AtomicOperation): Promise<string> {
    const { isRemote, lease } = this.#parts;
    const guarded = lease ? lease.guard(commit) : commit;
    if (!isRemote) return this.#commitHere(guarded);
    // One after the other: each depends on the number that the one before has left.
    const made = this.#last.then(() => this.#commitThere(guarded));
    this.#last = made.catch(() => {});
    return made;
  }

  /** Leaves nothing behind. */
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
    if (this.#isUncertain) await this.#look();
    const number = ++this.#number;
    commit.check({ key: this.#key, versionstamp: this.#stamp }).set(this.#key, number);
    this.#isUncertain = true;
    const result = await commit.commit().catch((error: unknown) => error);
    if (isMade(result)) {
      this.#isUncertain = false;
      return this.#stamp = result.versionstamp;
    }
    if (await this.#look() === number && this.#stamp) return this.#stamp;
    throw result instanceof Error ? result : this.#refused();
  }

  /** Answers the number of the last commit that was made. */
  async #look(): Promise<number | null> {
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
