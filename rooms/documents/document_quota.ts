/**
 * Limits how many documents an account makes, so that nobody can flood the list of all others.
 *
 * | key | value |
 * | --- | --- |
 * | `["documents_made", accountId]` | {@link Made}; changed in the commits that make and delete documents |
 */
import { DocumentRefusal } from "./document_access.ts";

/** What an account has made. */
interface Made {
  /** Documents that aren't deleted. */
  readonly total: number;
  /** Documents made since `hour`. */
  readonly recent: number;
  /** When the present hour began, in milliseconds since the epoch. */
  readonly hour: number;
}

/** Documents of an account that aren't deleted. */
const MAX_DOCUMENTS = 1_000;
/** Documents that an account may make in an hour. */
export const MAX_DOCUMENTS_PER_HOUR = 100;
const HOUR_MS = 60 * 60_000;
const NONE: Made = { total: 0, recent: 0, hour: 0 };

/** The quota of one account as it was read, to be changed in a commit that checks it. */
export class DocumentQuota {
  readonly #entry: Deno.KvEntryMaybe<Made>;
  readonly #now: number;

  private constructor(entry: Deno.KvEntryMaybe<Made>, now: number) {
    this.#entry = entry;
    this.#now = now;
  }

  /** Reads the quota of an account; `now` in milliseconds since the epoch. */
  static async read(kv: Deno.Kv, accountId: string, now: number): Promise<DocumentQuota> {
    return new DocumentQuota(await kv.get<Made>(["documents_made", accountId]), now);
  }

  /** @throws {DocumentRefusal} when the account may make no further document now */
  check(): void {
    const { total, recent } = this.#made;
    if (total >= MAX_DOCUMENTS || recent >= MAX_DOCUMENTS_PER_HOUR) {
      throw new DocumentRefusal("too_many_documents");
    }
  }

  /** Counts a new document, in the commit that makes it; the commit fails if the quota was changed meanwhile. */
  addOne(commit: Deno.AtomicOperation): Deno.AtomicOperation {
    const { total, recent, hour } = this.#made;
    return this.#set(commit, { total: total + 1, recent: recent + 1, hour });
  }

  /** Counts a restored document, in the commit that restores it. */
  restoreOne(commit: Deno.AtomicOperation): Deno.AtomicOperation {
    return this.#set(commit, { ...this.#made, total: this.#made.total + 1 });
  }

  /** Uncounts a document, in the commit that deletes it; it still counts as made in this hour. */
  removeOne(commit: Deno.AtomicOperation): Deno.AtomicOperation {
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
