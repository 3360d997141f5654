/**
 * How many documents each account makes: so many that one could bury those of all others are none that anybody needs.
 *
 * | key | value |
 * | --- | --- |
 * | `["documents_made", accountId]` | {@link Made}; changed in the commits that make and delete documents |
 */
import { DocumentRefusal } from "./document_access.ts";

interface Made {
  /** Documents that aren't deleted. */
  readonly total: number;
  /** Those made since the hour began that `hour` is the beginning of, in milliseconds since the epoch. */
  readonly recent: number;
  readonly hour: number;
}

export const MAX_DOCUMENTS = 1_000;
export const MAX_DOCUMENTS_PER_HOUR = 100;
const HOUR_MS = 60 * 60_000;
const NONE: Made = { total: 0, recent: 0, hour: 0 };

/** What an account has made, as read, and the commit that changes it. */
export class DocumentQuota {
  readonly #entry: Deno.KvEntryMaybe<Made>;
  readonly #now: number;

  private constructor(entry: Deno.KvEntryMaybe<Made>, now: number) {
    this.#entry = entry;
    this.#now = now;
  }

  static async read(kv: Deno.Kv, accountId: string, now: number): Promise<DocumentQuota> {
    return new DocumentQuota(await kv.get<Made>(["documents_made", accountId]), now);
  }

  /** Throws {@link DocumentRefusal} when the account may make no further one now. */
  check(): void {
    const { total, recent } = this.#made;
    if (total >= MAX_DOCUMENTS || recent >= MAX_DOCUMENTS_PER_HOUR) {
      throw new DocumentRefusal("too_many_documents");
    }
  }

  /** Counts one more, in the commit that makes it; the commit fails when another one was counted meanwhile. */
  addOne(commit: Deno.AtomicOperation): Deno.AtomicOperation {
    const { total, recent, hour } = this.#made;
    return this.#set(commit, { total: total + 1, recent: recent + 1, hour });
  }

  /** Counts one that is back. */
  bringBack(commit: Deno.AtomicOperation): Deno.AtomicOperation {
    return this.#set(commit, { ...this.#made, total: this.#made.total + 1 });
  }

  /** Counts one less, in the commit that deletes it. What was made this hour was made. */
  takeOne(commit: Deno.AtomicOperation): Deno.AtomicOperation {
    return this.#set(commit, { ...this.#made, total: Math.max(0, this.#made.total - 1) });
  }

  get #made(): Made {
    const made = this.#entry.value ?? NONE;
    return this.#now - made.hour < HOUR_MS ? made : { ...made, recent: 0, hour: this.#now };
  }

  #set(commit: Deno.AtomicOperation, made: Made): Deno.AtomicOperation {
    return commit.check(this.#entry).set(this.#entry.key, made);
  }
}
