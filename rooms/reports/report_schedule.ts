/**
 * Which reports have to be worked on, and from what time.
 *
 * | key | value |
 * | --- | --- |
 * | `["report_due", id]` | not before this time, in milliseconds since the epoch |
 */

/** What there is to do. */
export interface Due {
  /** The reports to work on, the oldest first. */
  readonly ids: readonly string[];
  /** Milliseconds until the next of the other reports is due; Infinity when there is none. */
  readonly nextMs: number;
}

const REPORT_DUE = "report_due";
/** Reports that are due in one answer. */
const DUE_AT_ONCE = 100;
/** No report is postponed for longer, even if the time of day jumps back. */
const MAX_PAUSE_MS = 60_000;

/** Reads and changes the schedule. */
export class ReportSchedule {
  readonly #kv: Deno.Kv;

  /** Opens the schedule in a database. */
  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Adds to a commit that a report is due from a time on, in milliseconds since the epoch. */
  set(commit: Deno.AtomicOperation, id: string, from: number): void {
    commit.set([REPORT_DUE, id], from);
  }

  /** Adds to a commit that nothing has to be done about a report any more. */
  remove(commit: Deno.AtomicOperation, id: string): void {
    commit.delete([REPORT_DUE, id]);
  }

  /** Whether no report is scheduled. */
  async isEmpty(): Promise<boolean> {
    const { done } = await this.#kv.list({ prefix: [REPORT_DUE] }, { limit: 1 }).next();
    return done === true;
  }

  /** The reports that are due at a time, in milliseconds since the epoch. */
  async due(now: number): Promise<Due> {
    const ids: string[] = [];
    let nextMs = Infinity;
    for await (const { key, value: from } of this.#kv.list<number>({ prefix: [REPORT_DUE] })) {
      if (from > now && from <= now + MAX_PAUSE_MS) nextMs = Math.min(nextMs, from - now);
      else if (ids.push(String(key[1])) === DUE_AT_ONCE) break;
    }
    return { ids, nextMs };
  }
}
