/**
 * Late appends: slices whose rows may yet be written a second time.
 *
 * Google may carry out an append after the service gave it up and appended the rows again. So such an append is stored here.
 * Once Google can't carry it out any more, the sheet is searched for rows that are in it twice.
 *
 * The wait is measured by the monotonic clock, from when this process first saw the stored version: after a restart, or
 * when another process notes the append again, the whole wait begins anew, which only makes it longer.
 *
 * | key | value |
 * | --- | --- |
 * | `["suspect", the smallest id, place]` | {@link LateAppend} |
 */
import { idOf, type IdRange, type Row } from "../sheet.ts";

/** An append that may still be carried out. */
export interface LateAppend {
  readonly ids: IdRange;
  /** When it can't be carried out any more, in ms since the epoch: for people to read. */
  readonly dueAt: number;
  /** The tab or file. */
  readonly place: string;
  /** Whether it gets what was done to messages. */
  readonly isChange: boolean;
}

/** A stored version of a late append, and when this process first saw it, in ms of the monotonic clock. */
interface FirstSeen {
  readonly versionstamp: string;
  readonly at: number;
}

/** A late append that Google can't carry out any more. */
export interface DueAppend extends LateAppend {
  readonly key: Deno.KvKey;
  readonly versionstamp: string;
}

const PREFIX = "suspect";

/** Google works on a request for at most 180 s (https://developers.google.com/workspace/sheets/api/limits). */
export const LATEST_MS = 180_000;

/** All late appends in KV. */
export class LateAppends {
  readonly #kv: Deno.Kv;
  /** By key. */
  #seen = new Map<string, FirstSeen>();

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Notes rows, in a commit of its own: the caller may have lost the lease. `now` is in ms since the epoch. */
  async note(
    rows: readonly Row[],
    now: number,
    where: Pick<LateAppend, "place" | "isChange">,
  ): Promise<void> {
    // Processes whose clocks differ make ids that don't ascend.
    const ids = rows.map(idOf).sort();
    const [first, last] = [ids[0], ids[ids.length - 1]];
    const key = [PREFIX, first, where.place];
    let isNoted = false;
    while (!isNoted) {
      const entry = await this.#kv.get<LateAppend>(key);
      // Noting a part of rows that were noted before must not shorten their range.
      const range = { first, last: entry.value && entry.value.ids.last > last ? entry.value.ids.last : last };
      const { place, isChange } = where;
      const suspect: LateAppend = { ids: range, dueAt: now + LATEST_MS, place, isChange };
      isNoted = (await this.#kv.atomic().check(entry).set(key, suspect).commit()).ok;
    }
  }

  /** Those that can't be carried out any more; `elapsed` is in ms of the monotonic clock. */
  async due(elapsed: number): Promise<DueAppend[]> {
    const due: DueAppend[] = [];
    const seen = new Map<string, FirstSeen>();
    for await (const { key, value, versionstamp } of this.#kv.list<LateAppend>({ prefix: [PREFIX] })) {
      const name = key.join("\n");
      const before = this.#seen.get(name);
      const at = before?.versionstamp === versionstamp ? before.at : elapsed;
      seen.set(name, { versionstamp, at });
      if (elapsed - at >= LATEST_MS) due.push({ ...value, key, versionstamp });
    }
    this.#seen = seen;
    return due;
  }

  /** Deletes a late append, unless it was noted again meanwhile. */
  async clear({ key, versionstamp }: DueAppend): Promise<void> {
    await this.#kv.atomic().check({ key, versionstamp }).delete(key).commit();
  }
}
