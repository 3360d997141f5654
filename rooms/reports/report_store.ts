/**
 * Reports in KV.
 *
 * | key | value |
 * | --- | --- |
 * | `["report", id]` | a {@link Report} |
 * | `["reports_of", owner]` | the ids of the owner's reports, the oldest first |
 * | `["report_due", id]` | there is something to do about it |
 * | `["report_work", id, n]` | how far the work on it is: JSON, in pieces |
 * | `["report_file", id, format, n]` | a piece of a file |
 * | `["report_waste", id]` | work and files of this report are to be deleted |
 *
 * A report that is taken out is gone with one commit; what it leaves is deleted bit by bit. So files never outlive
 * their report, and no commit grows with their size.
 */
import { decodeTime, ulid } from "ulid";
import type { Lease } from "../lease.ts";
import { isId } from "../message.ts";
import { MAX_VALUE_BYTES } from "../packer.ts";
import type { Piece } from "./maker.ts";
import {
  changed,
  endOf,
  isUnfinished,
  type Order,
  type Report,
  REPORT_LIFE_MS,
  type ReportChange,
  type ReportFile,
} from "./report.ts";

/** A report at work: what is stored of it now, and how to go on. */
export interface Held {
  readonly report: Report;
  readonly versionstamp: string;
  /** `undefined`: nothing is done yet. */
  readonly work: unknown;
}

/** What a slice leaves. */
export interface Progress {
  readonly change: ReportChange;
  /** `undefined`: the report is finished. */
  readonly work: unknown;
  readonly pieces: readonly Piece[];
}

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
/** KV takes 800 KiB and 1,000 mutations in a commit (same source). */
const COMMIT_BYTES = 700_000;
/** Values that are deleted are read for it. */
const DELETED_AT_ONCE = 100;
const DUE_AT_ONCE = 100;
/** Work of 500 KB. */
const MAX_WORK_PIECES = 8;
/** Others may be faster so many times. */
const MAX_TRIES = 10;

const REPORT = "report";
const OF = "reports_of";
const DUE = "report_due";
const WORK = "report_work";
const FILE = "report_file";
const WASTE = "report_waste";

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

  /** Takes an order. Throws {@link TooManyReportsError}. */
  async create(owner: string, order: Order): Promise<Report> {
    const now = this.#now();
    const report: Report = {
      ...order,
      id: ulid(now),
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
      const entry = await this.#kv.get<string[]>([OF, owner]);
      const reports = await this.#reports(entry.value ?? []);
      const finished = reports.filter((report) => !isUnfinished(report));
      if (reports.length - finished.length >= MAX_UNFINISHED) throw new TooManyReportsError();
      const surplus = finished.slice(0, Math.max(0, reports.length + 1 - MAX_KEPT));
      const ids = reports.filter((kept) => !surplus.includes(kept)).map(({ id }) => id);
      // The check on the list makes the number true: two orders at once can't both be the last that fits.
      const commit = this.#kv.atomic().check(entry)
        .set([REPORT, report.id], report)
        .set([DUE, report.id], 0)
        .set([OF, owner], [...ids, report.id]);
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
    const { value } = await this.#kv.get<string[]>([OF, owner]);
    return (await this.#reports(value ?? [])).filter((report) => this.#isAlive(report));
  }

  /** Ends one that is under way; answers it, or `undefined` when it isn't. */
  async cancel(id: string): Promise<Report | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<Report>([REPORT, id]);
      if (!entry.value || !isUnfinished(entry.value)) return undefined;
      const report = changed(entry.value, { outcome: "cancelled" }, this.#now());
      const commit = this.#kv.atomic().check(entry).set(entry.key, report).delete([DUE, id]).set(
        [WASTE, id],
        0,
      );
      if ((await commit.commit()).ok) return report;
    }
    throw new Error(`Cancelling report ${id} failed: it moved on ${MAX_TRIES} times meanwhile`);
  }

  /** Takes a report out, with its files. */
  async remove({ id, owner }: Report): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<string[]>([OF, owner]);
      const ids = (entry.value ?? []).filter((other) => other !== id);
      const commit = this.#kv.atomic().check(entry);
      if (ids.length) commit.set(entry.key, ids);
      else commit.delete(entry.key);
      this.#waste(commit, id);
      if ((await commit.commit()).ok) return;
    }
    throw new Error(`Removing report ${id} failed: its list was changed ${MAX_TRIES} times meanwhile`);
  }

  /** Whether there is anything to do: a report, or something to delete. */
  async isBusy(): Promise<boolean> {
    for (const key of [DUE, WASTE]) if (await this.#first(key)) return true;
    const oldest = await this.#first(REPORT);
    return oldest !== undefined && this.#isOver(oldest);
  }

  /** The ids of reports that something has to be done about, the oldest first. */
  async due(): Promise<string[]> {
    const entries = this.#kv.list({ prefix: [DUE] }, { limit: DUE_AT_ONCE });
    return await Array.fromAsync(entries, ({ key }) => String(key[1]));
  }

  /** A report that is to be worked on; `undefined` when it isn't any more. */
  async hold(id: string): Promise<Held | undefined> {
    const entry = await this.#kv.get<Report>([REPORT, id]);
    if (!entry.value || !isUnfinished(entry.value)) return undefined;
    let text = "";
    const decoder = new TextDecoder();
    for await (const { value } of this.#kv.list<Uint8Array>({ prefix: [WORK, id] }, { batchSize: 10 })) {
      text += decoder.decode(value, { stream: true });
    }
    const work = text ? JSON.parse(text) : undefined;
    return { report: entry.value, versionstamp: entry.versionstamp, work };
  }

  /**
   * Stores a slice: the pieces, the work and the change stand together, or not at all. Answers the report as it is
   * now, or `undefined` when it was changed by somebody else meanwhile, or `lease` has another holder. Throws
   * `LeaseLostError`.
   */
  async advance(held: Held, { change, work, pieces }: Progress, lease: Lease): Promise<Report | undefined> {
    const { id } = held.report;
    const check = { key: [REPORT, id], versionstamp: held.versionstamp };
    const files: Record<string, ReportFile> = { ...held.report.files };
    const begin = (): Deno.AtomicOperation => lease.guard(this.#kv.atomic()).check(check);
    let commit = begin();
    let size = 0;
    for (const { file, bytes } of pieces) {
      for (let at = 0; at < bytes.length; at += MAX_VALUE_BYTES) {
        const part = bytes.subarray(at, at + MAX_VALUE_BYTES);
        // Too much for one commit: what stands before the last one counts only with it, and is written again if
        // that isn't made.
        if (size + part.length > COMMIT_BYTES) {
          if (!(await commit.commit()).ok) return undefined;
          [commit, size] = [begin(), 0];
        }
        const { pieces: count, bytes: before } = files[file] ?? { pieces: 0, bytes: 0 };
        commit.set([FILE, id, file, count], part);
        files[file] = { pieces: count + 1, bytes: before + part.length };
        size += part.length;
      }
    }
    const workBytes = work === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(work));
    if (size + workBytes.length > COMMIT_BYTES) {
      if (!(await commit.commit()).ok) return undefined;
      commit = begin();
    }
    let count = 0;
    for (let at = 0; at < workBytes.length; at += MAX_VALUE_BYTES) {
      commit.set([WORK, id, count++], workBytes.subarray(at, at + MAX_VALUE_BYTES));
    }
    for (let n = count; n < MAX_WORK_PIECES; n++) commit.delete([WORK, id, n]);
    const report = changed(held.report, { ...change, files }, this.#now());
    if (!isUnfinished(report)) {
      commit.delete([DUE, id]);
      if (report.outcome !== "completed") commit.set([WASTE, id], 0);
    }
    return (await commit.set([REPORT, id], report).commit()).ok ? report : undefined;
  }

  /** A file of a finished report, piece by piece. */
  async *read({ id, files }: Report, format: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { pieces } = files[format] ?? { pieces: 0 };
    for (let n = 0; n < pieces; n += KEYS_PER_READ) {
      const keys = Array.from(
        { length: Math.min(KEYS_PER_READ, pieces - n) },
        (_, i) => [FILE, id, format, n + i],
      );
      for (const { value } of await this.#kv.getMany<Uint8Array<ArrayBuffer>[]>(keys)) {
        if (!value) throw new Error(`Reading report ${id} failed: it was deleted meanwhile`);
        yield value;
      }
    }
  }

  /** Nothing has to be done about this one any more. */
  async settle(id: string): Promise<void> {
    await this.#kv.delete([DUE, id]);
  }

  /** Takes out one report whose time is over, and deletes a bit of what others left. */
  async tidy(): Promise<void> {
    const oldest = await this.#first(REPORT);
    if (oldest && this.#isOver(oldest)) {
      const { value } = await this.#kv.get<Report>([REPORT, oldest]);
      if (value) await this.remove(value);
    }
    const waste = await this.#first(WASTE);
    if (!waste) return;
    const commit = this.#kv.atomic();
    let count = 0;
    for (const key of [WORK, FILE]) {
      const limit = DELETED_AT_ONCE - count;
      if (!limit) break;
      for await (const entry of this.#kv.list({ prefix: [key, waste] }, { limit, batchSize: 10 })) {
        commit.delete(entry.key);
        count++;
      }
    }
    if (count < DELETED_AT_ONCE) commit.delete([WASTE, waste]);
    // Nothing is added any more: every commit that adds to a report checks that it is unfinished.
    await commit.commit();
  }

  /** Makes a report, and what is left of it, disappear. */
  #waste(commit: Deno.AtomicOperation, id: string): void {
    commit.delete([REPORT, id]).delete([DUE, id]).set([WASTE, id], 0);
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

  async #first(kind: string): Promise<string | undefined> {
    const { value } = await this.#kv.list({ prefix: [kind] }, { limit: 1 }).next();
    return value && String(value.key[1]);
  }

  #isAlive(report: Report): boolean {
    return this.#now() < endOf(report);
  }

  /** An id tells when its report was asked for. */
  #isOver(id: string): boolean {
    return this.#now() >= decodeTime(id) + REPORT_LIFE_MS;
  }
}

const encoder = new TextEncoder();
