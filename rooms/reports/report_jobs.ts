/**
 * Reports as they are worked on: what is to do, how far it is, and what is left to be deleted.
 */
import { decodeTime } from "ulid";
import type { Lease } from "../kv/lease.ts";
import { MAX_VALUE_BYTES } from "../kv/value_packer.ts";
import type { Piece } from "./report_format.ts";
import {
  changed,
  isUnfinished,
  type Report,
  REPORT_LIFE_MS,
  type ReportChange,
  type ReportFile,
} from "./report.ts";
import { REPORT, REPORT_DUE, REPORT_FILE, REPORT_WASTE, REPORT_WORK } from "./report_keys.ts";
import type { ReportStore } from "./report_store.ts";

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
  /** How long to leave it alone; not at all unless told. At most {@link MAX_PAUSE_MS}. */
  readonly pauseMs?: number;
}

/** What there is to do. */
export interface Due {
  /** The reports to work on, the oldest first. */
  readonly ids: readonly string[];
  /** In how many milliseconds the next one of the others is due; Infinity when there is none. */
  readonly nextMs: number;
}

/** KV takes 800 KiB and 1,000 mutations in a commit (https://docs.deno.com/api/deno/~/Deno.AtomicOperation). */
const COMMIT_BYTES = 700_000;
/** Values that are deleted are read for it. */
const DELETED_AT_ONCE = 100;
const DUE_AT_ONCE = 100;
/** Should the time of day have jumped, nothing is left alone for longer. */
const MAX_PAUSE_MS = 60_000;
/** Work of 500 KB. */
const MAX_WORK_PIECES = 8;

export class ReportJobs {
  readonly #kv: Deno.Kv;
  readonly #store: ReportStore;
  readonly #now: () => number;

  constructor(parts: { kv: Deno.Kv; store: ReportStore; now: () => number }) {
    this.#kv = parts.kv;
    this.#store = parts.store;
    this.#now = parts.now;
  }

  /** Whether there is anything to do: a report, or something to delete. */
  async isBusy(): Promise<boolean> {
    for (const key of [REPORT_DUE, REPORT_WASTE]) if (await this.#first(key)) return true;
    const oldest = await this.#first(REPORT);
    return oldest !== undefined && this.#isOver(oldest);
  }

  /** The reports that something has to be done about. */
  async due(): Promise<Due> {
    const now = this.#now();
    const ids: string[] = [];
    let nextMs = Infinity;
    for await (const { key, value: from } of this.#kv.list<number>({ prefix: [REPORT_DUE] })) {
      if (from > now && from <= now + MAX_PAUSE_MS) nextMs = Math.min(nextMs, from - now);
      else if (ids.push(String(key[1])) === DUE_AT_ONCE) break;
    }
    return { ids, nextMs };
  }

  /** A report that is to be worked on; `undefined` when it isn't any more. */
  async hold(id: string): Promise<Held | undefined> {
    const entry = await this.#kv.get<Report>([REPORT, id]);
    if (!entry.value || !isUnfinished(entry.value)) return undefined;
    let text = "";
    const decoder = new TextDecoder();
    for await (
      const { value } of this.#kv.list<Uint8Array>({ prefix: [REPORT_WORK, id] }, { batchSize: 10 })
    ) {
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
  async advance(held: Held, progress: Progress, lease: Lease): Promise<Report | undefined> {
    const { change, work, pieces, pauseMs } = progress;
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
        commit.set([REPORT_FILE, id, file, count], part);
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
      commit.set([REPORT_WORK, id, count++], workBytes.subarray(at, at + MAX_VALUE_BYTES));
    }
    for (let n = count; n < MAX_WORK_PIECES; n++) commit.delete([REPORT_WORK, id, n]);
    const now = this.#now();
    const report = changed(held.report, { ...change, files }, now);
    if (pauseMs) commit.set([REPORT_DUE, id], now + pauseMs);
    if (!isUnfinished(report)) {
      commit.delete([REPORT_DUE, id]);
      if (report.outcome !== "completed") commit.set([REPORT_WASTE, id], 0);
    }
    return (await commit.set([REPORT, id], report).commit()).ok ? report : undefined;
  }

  /** Nothing has to be done about this one any more. */
  async settle(id: string): Promise<void> {
    await this.#kv.delete([REPORT_DUE, id]);
  }

  /** Takes out one report whose time is over, and deletes a bit of what others left; answers whether there was any. */
  async tidy(): Promise<boolean> {
    const oldest = await this.#first(REPORT);
    if (oldest && this.#isOver(oldest)) {
      const { value } = await this.#kv.get<Report>([REPORT, oldest]);
      if (value) await this.#store.remove(value);
    }
    const waste = await this.#first(REPORT_WASTE);
    if (!waste) return false;
    const commit = this.#kv.atomic();
    let count = 0;
    for (const key of [REPORT_WORK, REPORT_FILE]) {
      const limit = DELETED_AT_ONCE - count;
      if (!limit) break;
      for await (const entry of this.#kv.list({ prefix: [key, waste] }, { limit, batchSize: 10 })) {
        commit.delete(entry.key);
        count++;
      }
    }
    if (count < DELETED_AT_ONCE) commit.delete([REPORT_WASTE, waste]);
    // Nothing is added any more: every commit that adds to a report checks that it is unfinished.
    await commit.commit();
    return true;
  }

  async #first(kind: string): Promise<string | undefined> {
    const { value } = await this.#kv.list({ prefix: [kind] }, { limit: 1 }).next();
    return value && String(value.key[1]);
  }

  /** An id tells when its report was asked for. */
  #isOver(id: string): boolean {
    return this.#now() >= decodeTime(id) + REPORT_LIFE_MS;
  }
}

const encoder = new TextEncoder();
