/** The number of accounts, counted again only when it may have changed. */
import type { ChangeFeed } from "../kv/change_feed.ts";

/** With more accounts than this they are counted at most once in {@link COUNT_EVERY_MS}, and not after each change. */
const MANY = 1_000;
const COUNT_EVERY_MS = 60_000;

/** Counts accounts. */
export class AccountCount {
  readonly #list: () => AsyncIterable<unknown>;
  readonly #now: () => number;
  #count = 0;
  #countedAt = -Infinity;
  #isOld = true;

  /** `list` yields every account; `now` is in milliseconds since the epoch. */
  constructor(list: () => AsyncIterable<unknown>, changes: ChangeFeed, now: () => number) {
    this.#list = list;
    this.#now = now;
    changes.listen(({ type }) => {
      if (type === "names" || type === "account" || type === "unknown") this.#isOld = true;
    });
  }

  /** The number, which may be a minute old where there are more than {@link MANY} accounts. */
  async read(): Promise<number> {
    const isRecent = this.#count > MANY && this.#now() - this.#countedAt < COUNT_EVERY_MS;
    if (!this.#isOld || isRecent) return this.#count;
    this.#isOld = false;
    this.#countedAt = this.#now();
    let count = 0;
    try {
      for await (const _ of this.#list()) count++;
    } catch (error) {
      this.#isOld = true;
      throw error;
    }
    return this.#count = count;
  }
}
