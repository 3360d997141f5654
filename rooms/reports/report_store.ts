/**
 * Reports as people have them: requested, listed, read and removed.
 *
 * | key | value |
 * | --- | --- |
 * | `["report", id]` | a {@link Report} |
 * | `["reports_of", owner]` | the ids of the owner's reports, the oldest first |
 */
import { ulid } from "ulid";
import { readKeys } from "../kv/read_keys.ts";
import { isId } from "../messages/message.ts";
import { changed, endOf, isUnfinished, type Order, type Report } from "./report.ts";
import { ReportContent } from "./report_content.ts";
import { ReportSchedule } from "./report_schedule.ts";

/** An account has {@link MAX_UNFINISHED} unfinished reports. */
export class TooManyReportsError extends Error {
  override readonly name = "TooManyReportsError";

  constructor() {
    super(`You have ${MAX_UNFINISHED} reports under way: wait for one, or cancel it`);
  }
}

/** Unfinished reports of one account. */
export const MAX_UNFINISHED = 3;
/** Reports kept for one account; a further one replaces the oldest that is finished. */
const MAX_KEPT = 20;
/** Attempts to change a list or a report while other processes change it. */
const MAX_TRIES = 10;

const REPORT = "report";
const REPORTS_OF = "reports_of";

/** Reads and changes reports. */
export class ReportStore {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #add: (commit: Deno.AtomicOperation, id: string) => void;
  readonly #schedule: ReportSchedule;
  readonly #content: ReportContent;

  /** `now` is in milliseconds since the epoch; `add` may add to the commit that stores a new report. */
  constructor(parts: {
    kv: Deno.Kv;
    now: () => number;
    add: (commit: Deno.AtomicOperation, id: string) => void;
  }) {
    this.#kv = parts.kv;
    this.#now = parts.now;
    this.#add = parts.add;
    this.#schedule = new ReportSchedule(parts.kv);
    this.#content = new ReportContent(parts.kv);
  }

  /**
   * Stores a new report; an order that is repeated with the same `id`, a ULID, is the same report.
   *
   * @throws {TooManyReportsError} when the owner has {@link MAX_UNFINISHED} unfinished reports
   */
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
      // The check on the list keeps the limit: two orders at once can't both be the last that fits.
      const commit = this.#kv.atomic().check(entry).set([REPORTS_OF, owner], [...ids, report.id]);
      this.set(commit, report);
      this.#schedule.set(commit, report.id, 0);
      for (const { id } of surplus) this.#discard(commit, id);
      this.#add(commit, report.id);
      if ((await commit.commit()).ok) return report;
    }
    throw new Error(`Asking for a report failed: the list was changed ${MAX_TRIES} times meanwhile`);
  }

  /** The report with this id; `undefined` when there is none, or it has expired. */
  async get(id: string): Promise<Report | undefined> {
    if (!isId(id)) return undefined;
    const { value } = await this.entry(id);
    return value && this.#isAlive(value) ? value : undefined;
  }

  /** The reports of one account, the oldest first. */
  async list(owner: string): Promise<Report[]> {
    const { value } = await this.#kv.get<string[]>([REPORTS_OF, owner]);
    return (await this.#reports(value ?? [])).filter((report) => this.#isAlive(report));
  }

  /** Cancels an unfinished report; answers it, or `undefined` when it is finished. */
  async cancel(id: string): Promise<Report | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.entry(id);
      if (!entry.value || !isUnfinished(entry.value)) return undefined;
      const report = changed(entry.value, { outcome: "cancelled" }, this.#now());
      const commit = this.#kv.atomic().check(entry);
      this.set(commit, report);
      this.#schedule.remove(commit, id);
      this.#content.discard(commit, id);
      if ((await commit.commit()).ok) return report;
    }
    throw new Error(`Cancelling report ${id} failed: it moved on ${MAX_TRIES} times meanwhile`);
  }

  /** Removes a report, with its files. */
  async remove({ id, owner }: Report): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<string[]>([REPORTS_OF, owner]);
      const ids = (entry.value ?? []).filter((other) => other !== id);
      const commit = this.#kv.atomic().check(entry);
      if (ids.length) commit.set(entry.key, ids);
      else commit.delete(entry.key);
      this.#discard(commit, id);
      if ((await commit.commit()).ok) return;
    }
    throw new Error(`Removing report ${id} failed: its list was changed ${MAX_TRIES} times meanwhile`);
  }

  /**
   * Reads a file of a finished report, piece by piece.
   *
   * @throws {Error} when the report is deleted meanwhile
   */
  read(report: Report, format: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    return this.#content.readFile(report, format);
  }

  /** The stored report with this id, expired or not, for a commit that checks it. */
  async entry(id: string): Promise<Deno.KvEntryMaybe<Report>> {
    return await this.#kv.get<Report>([REPORT, id]);
  }

  /** Adds to a commit the check that a report is unchanged. */
  check(commit: Deno.AtomicOperation, id: string, versionstamp: string): Deno.AtomicOperation {
    return commit.check({ key: [REPORT, id], versionstamp });
  }

  /** Adds to a commit that a report is stored. */
  set(commit: Deno.AtomicOperation, report: Report): void {
    commit.set([REPORT, report.id], report);
  }

  /** The id of the oldest report. */
  async oldest(): Promise<string | undefined> {
    const { value } = await this.#kv.list({ prefix: [REPORT] }, { limit: 1 }).next();
    return value && String(value.key[1]);
  }

  #discard(commit: Deno.AtomicOperation, id: string): void {
    commit.delete([REPORT, id]);
    this.#schedule.remove(commit, id);
    this.#content.discard(commit, id);
  }

  async #reports(ids: readonly string[]): Promise<Report[]> {
    const entries = await readKeys<Report>(this.#kv, ids.map((id) => [REPORT, id]));
    return entries.flatMap(({ value }) => value ?? []);
  }

  #isAlive(report: Report): boolean {
    return this.#now() < endOf(report);
  }
}
