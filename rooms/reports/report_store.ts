/** Reports as people have them: asked for, listed, read and taken out. */
import { ulid } from "ulid";
import { isId } from "../messages/message.ts";
import { changed, endOf, isUnfinished, type Order, type Report } from "./report.ts";
import { REPORT, REPORT_DUE, REPORT_FILE, REPORT_WASTE, REPORTS_OF } from "./report_keys.ts";

/** Somebody has as many reports under way as one may. */
export class TooManyReportsError extends Error {
  override readonly name = "TooManyReportsError";

  constructor() {
    super(`You have ${MAX_UNFINISHED} reports under way: wait for one, or cancel it`);
  }
}

/** One person's reports that may be under way at a time. */
export const MAX_UNFINISHED = 3;
/** One person's reports that are kept; a further one takes the place of the oldest that is finished. */
const MAX_KEPT = 20;
/** KV's limit for one `getMany` (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.getMany). */
const KEYS_PER_READ = 10;
/** Others may be faster so many times. */
const MAX_TRIES = 10;

export class ReportStore {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #add: (commit: Deno.AtomicOperation, id: string) => void;

  /** `add` may add to the commit that brings a new report. */
  constructor(parts: {
    kv: Deno.Kv;
    now: () => number;
    add: (commit: Deno.AtomicOperation, id: string) => void;
  }) {
    this.#kv = parts.kv;
    this.#now = parts.now;
    this.#add = parts.add;
  }

  /** Takes an order; one that comes again under the same `id`, a ULID, is the same. Throws {@link TooManyReportsError}. */
  async create(owner: string, order: Order, id = ulid(this.#now())): Promise<Report> {
    const now = this.#now();
    const report: Report = {
      ...order,
      id,
      owner,
      outcome: "waiting",
      progress: 0,
      messages: 0,
      files: {},
      failures: 0,
      revision: 1,
      askedAt: now,
      changedAt: now,
    };
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<string[]>([REPORTS_OF, owner]);
      const reports = await this.#reports(entry.value ?? []);
      const first = reports.find((other) => other.id === id);
      if (first) return first;
      const finished = reports.filter((report) => !isUnfinished(report));
      if (reports.length - finished.length >= MAX_UNFINISHED) throw new TooManyReportsError();
      const surplus = finished.slice(0, Math.max(0, reports.length + 1 - MAX_KEPT));
      const ids = reports.filter((kept) => !surplus.includes(kept)).map(({ id }) => id);
      // The check on the list makes the number true: two orders at once can't both be the last that fits.
      const commit = this.#kv.atomic().check(entry)
        .set([REPORT, report.id], report)
        .set([REPORT_DUE, report.id], 0)
        .set([REPORTS_OF, owner], [...ids, report.id]);
      for (const { id } of surplus) this.#waste(commit, id);
      this.#add(commit, report.id);
      if ((await commit.commit()).ok) return report;
    }
    throw new Error(`Asking for a report failed: the list was changed ${MAX_TRIES} times meanwhile`);
  }

  /** The report of that id; `undefined` when there is none, or its time is over. */
  async get(id: string): Promise<Report | undefined> {
    if (!isId(id)) return undefined;
    const { value } = await this.#kv.get<Report>([REPORT, id]);
    return value && this.#isAlive(value) ? value : undefined;
  }

  /** One person's reports, the oldest first. */
  async list(owner: string): Promise<Report[]> {
    const { value } = await this.#kv.get<string[]>([REPORTS_OF, owner]);
    return (await this.#reports(value ?? [])).filter((report) => this.#isAlive(report));
  }

  /** Ends one that is under way; answers it, or `undefined` when it isn't. */
  async cancel(id: string): Promise<Report | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<Report>([REPORT, id]);
      if (!entry.value || !isUnfinished(entry.value)) return undefined;
      const report = changed(entry.value, { outcome: "cancelled" }, this.#now());
      const commit = this.#kv.atomic().check(entry).set(entry.key, report).delete([REPORT_DUE, id]).set(
        [REPORT_WASTE, id],
        0,
      );
      if ((await commit.commit()).ok) return report;
    }
    throw new Error(`Cancelling report ${id} failed: it moved on ${MAX_TRIES} times meanwhile`);
  }

  /** Takes a report out, with its files. */
  async remove({ id, owner }: Report): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<string[]>([REPORTS_OF, owner]);
      const ids = (entry.value ?? []).filter((other) => other !== id);
      const commit = this.#kv.atomic().check(entry);
      if (ids.length) commit.set(entry.key, ids);
      else commit.delete(entry.key);
      this.#waste(commit, id);
      if ((await commit.commit()).ok) return;
    }
    throw new Error(`Removing report ${id} failed: its list was changed ${MAX_TRIES} times meanwhile`);
  }

  /** A file of a finished report, piece by piece. */
  async *read({ id, files }: Report, format: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { pieces } = files[format] ?? { pieces: 0 };
    for (let n = 0; n < pieces; n += KEYS_PER_READ) {
      const keys = Array.from(
        { length: Math.min(KEYS_PER_READ, pieces - n) },
        (_, i) => [REPORT_FILE, id, format, n + i],
      );
      for (const { value } of await this.#kv.getMany<Uint8Array<ArrayBuffer>[]>(keys)) {
        if (!value) throw new Error(`Reading report ${id} failed: it was deleted meanwhile`);
        yield value;
      }
    }
  }

  /** Makes a report, and what is left of it, disappear. */
  #waste(commit: Deno.AtomicOperation, id: string): void {
    commit.delete([REPORT, id]).delete([REPORT_DUE, id]).set([REPORT_WASTE, id], 0);
  }

  async #reports(ids: readonly string[]): Promise<Report[]> {
    const reports: Report[] = [];
    for (let i = 0; i < ids.length; i += KEYS_PER_READ) {
      const keys = ids.slice(i, i + KEYS_PER_READ).map((id) => [REPORT, id]);
      const entries = await this.#kv.getMany<Report[]>(keys);
      reports.push(...entries.flatMap(({ value }) => value ?? []));
    }
    return reports;
  }

  #isAlive(report: Report): boolean {
    return this.#now() < endOf(report);
  }
}
