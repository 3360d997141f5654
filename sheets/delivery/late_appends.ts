/**
 * Suspects: slices whose rows may yet come to stand a second time.
 *
 * An append that we gave up may be carried out by Google later, when the rows have been appended once more. So
 * whoever resolves such an append notes it here, and when nothing can come any more, the sheet is looked through for
 * doubles.
 *
 * The wait is measured by a clock that doesn't jump, from when this process first saw the entry as it is: after a
 * restart, or when another process notes it anew, the whole wait begins again, which is only longer.
 *
 * | key | value |
 * | --- | --- |
 * | `["suspect", the smallest id]` | {@link LateAppend} |
 */
import type { IdRange, Row } from "../sheet.ts";

export interface LateAppend {
  readonly ids: IdRange;
  /** When nothing can come any more by the time of day, in milliseconds since the epoch: for people to read. */
  readonly dueAt: number;
}

/** A version of an entry, and when it was first seen. */
interface Sight {
  readonly versionstamp: string;
  readonly at: number;
}

interface DueSuspect extends LateAppend {
  readonly versionstamp: string;
}

/** How long Google works on a request at most (https://developers.google.com/workspace/sheets/api/limits). */
export const LATEST_MS = 180_000;

const PREFIX = "suspect";

export class LateAppends {
  readonly #kv: Deno.Kv;
  /** Which version of each entry was first seen when, by the clock that doesn't jump, in milliseconds. */
  #seen = new Map<string, Sight>();

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Notes rows, in a commit of its own: whoever does it may have lost the lease. `now` is the time of day. */
  async note(rows: readonly Row[], now: number): Promise<void> {
    // Commits of processes whose clocks differ hold ids that don't ascend.
    let [first, last] = [rows[0][4], rows[0][4]];
    for (const [, , , , id] of rows) {
      if (id < first) first = id;
      if (id > last) last = id;
    }
    const key = [PREFIX, first];
    let isNoted = false;
    while (!isNoted) {
      const entry = await this.#kv.get<LateAppend>(key);
      // A part of rows that were noted before must not make less of them.
      const ids = { first, last: entry.value && entry.value.ids.last > last ? entry.value.ids.last : last };
      const suspect: LateAppend = { ids, dueAt: now + LATEST_MS };
      isNoted = (await this.#kv.atomic().check(entry).set(key, suspect).commit()).ok;
    }
  }

  /** Those that can be looked into by now; `elapsed` is by the clock that doesn't jump, in milliseconds. */
  async due(elapsed: number): Promise<DueSuspect[]> {
    const due: DueSuspect[] = [];
    const seen = new Map<string, Sight>();
    for await (const { key, value, versionstamp } of this.#kv.list<LateAppend>({ prefix: [PREFIX] })) {
      const name = String(key[1]);
      const before = this.#seen.get(name);
      const at = before?.versionstamp === versionstamp ? before.at : elapsed;
      seen.set(name, { versionstamp, at });
      if (elapsed - at >= LATEST_MS) due.push({ ...value, versionstamp });
    }
    this.#seen = seen;
    return due;
  }

  /** Ends a suspicion, unless it has been noted anew meanwhile. */
  async clear({ ids, versionstamp }: DueSuspect): Promise<void> {
    const key = [PREFIX, ids.first];
    await this.#kv.atomic().check({ key, versionstamp }).delete(key).commit();
  }
}
