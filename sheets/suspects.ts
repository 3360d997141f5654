/**
 * Suspects: slices whose rows may yet come to stand a second time.
 *
 * An append that we gave up may be carried out by Google later, when the rows have been appended once more. So
 * whoever resolves such an append notes it here, and when nothing can come any more, the sheet is looked through for
 * doubles.
 *
 * | key | value |
 * | --- | --- |
 * | `["suspect", id of the first row]` | {@link Suspect} |
 */
import type { IdRange, Mark } from "./sheet.ts";

export interface Suspect {
  readonly ids: IdRange;
  /** The last row known to stand before. */
  readonly from: Mark | undefined;
  /** When nothing can come any more, in milliseconds since the epoch. */
  readonly dueAt: number;
}

/** How long Google works on a request at most (https://developers.google.com/workspace/sheets/api/limits). */
export const LATEST_MS = 180_000;

const PREFIX = "suspect";

export class Suspects {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Notes a suspect, in a commit of its own: whoever does it may have lost the lease. */
  async note(suspect: Suspect): Promise<void> {
    await this.#kv.set([PREFIX, suspect.ids.first], suspect);
  }

  /** Those that can be looked into by now. */
  async due(now: number): Promise<Suspect[]> {
    const all = await Array.fromAsync(this.#kv.list<Suspect>({ prefix: [PREFIX] }), ({ value }) => value);
    return all.filter(({ dueAt }) => dueAt <= now);
  }

  /** Ends a suspicion. */
  async clear({ ids }: Suspect): Promise<void> {
    await this.#kv.delete([PREFIX, ids.first]);
  }
}
