/** Reports as the worker sees them: which are due, how far the work is, and what has to be deleted. */
import { decodeTime } from "ulid";
import type { Lease } from "../kv/lease.ts";
import { MAX_VALUE_BYTES } from "../kv/value_packer.ts";
import {
  changed,
  isUnfinished,
  type Report,
  REPORT_LIFE_MS,
  type ReportChange,
  type ReportFile,
} from "./report.ts";
import { ReportContent } from "./report_content.ts";
import type { Piece } from "./report_format.ts";
import { type Due, ReportSchedule } from "./report_schedule.ts";
import type { ReportStore } from "./report_store.ts";

/** A report that is worked on, as it is stored now. */
export interface Held {
  readonly report: Report;
  readonly versionstamp: string;
  /** The state of the work; `undefined`: nothing is done yet. */
  readonly work: unknown;
}

/** The result of one slice of work. */
export interface Progress {
  readonly change: ReportChange;
  /** The state from which the next slice goes on; `undefined`: the report is finished. */
  readonly work: unknown;
  readonly pieces: readonly Piece[];
  /** Milliseconds until the next slice, at most 60,000; missing: 0. */
  readonly pauseMs?: number;
}

/** Bytes in one commit, of KV's 800 KiB (https://docs.deno.com/api/deno/~/Deno.AtomicOperation). */
const COMMIT_BYTES = 700_000;

/** Reads and stores the work on reports. */
export class ReportJobs {
  readonly #kv: Deno.Kv;
  readonly #store: ReportStore;
  readonly #now: () => number;
  readonly #schedule: ReportSchedule;
  readonly #content: ReportContent;

  /** `now` is in milliseconds since the epoch. */
  constructor(parts: { kv: Deno.Kv; store: ReportStore; now: () => number }) {
    this.#kv = parts.kv;
    this.#store = parts.store;
    this.#now = parts.now;
    this.#schedule = new ReportSchedule(parts.kv);
    this.#content = new ReportContent(parts.kv);
  }

  /** Whether there is a report to work on or content to delete. */
  async isBusy(): Promise<boolean> {
    if (!await this.#schedule.isEmpty() || await this.#content.firstDiscarded()) return true;
    const oldest = await this.#store.oldest();
    return oldest !== undefined && this.#isOver(oldest);
  }

  /** The reports that are due now. */
  due(): Promise<Due> {
    return this.#schedule.due(this.#now());
  }

  /** Reads a report to work on; `undefined` when it is finished or removed. */
  async hold(id: string): Promise<Held | undefined> {
    const { value: report, versionstamp } = await this.#store.entry(id);
    if (!report || !isUnfinished(report)) return undefined;
    return { report, versionstamp, work: await this.#content.readWork(id) };
  }

  /**
   * Stores a slice: pieces, work and change together, or nothing. Answers the report as it is now, or `undefined` when it
   * was changed by another process meanwhile, or `lease` has another holder.
   *
   * @throws {LeaseLostError} when this process doesn't hold the lease any more
   */
  async advance(held: Held, progress: Progress, lease: Lease): Promise<Report | undefined> {
    const { change, work, pieces, pauseMs } = progress;
    const { id } = held.report;
    const files: Record<string, ReportFile> = { ...held.report.files };
    const begin = (): Deno.AtomicOperation =>
      this.#store.check(lease.guard(this.#kv.atomic()), id, held.versionstamp);
    let commit = begin();
    let size = 0;
    for (const { file, bytes } of pieces) {
      for (let at = 0; at < bytes.length; at += MAX_VALUE_BYTES) {
        const part = bytes.subarray(at, at + MAX_VALUE_BYTES);
        // Too much for one commit. Pieces count only once the last commit names them; if that fails, they are written
        // again.
        if (size + part.length > COMMIT_BYTES) {
          if (!(await commit.commit()).ok) return undefined;
          [commit, size] = [begin(), 0];
        }
        const { pieces: count, bytes: before } = files[file] ?? { pieces: 0, bytes: 0 };
        this.#content.addPiece(commit, id, file, count, part);
        files[file] = { pieces: count + 1, bytes: before + part.length };
        size += part.length;
      }
    }
    const workBytes = work === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(work));
    if (size + workBytes.length > COMMIT_BYTES) {
      if (!(await commit.commit()).ok) return undefined;
      commit = begin();
    }
    this.#content.setWork(commit, id, workBytes);
    const now = this.#now();
    const report = changed(held.report, { ...change, files }, now);
    if (pauseMs) this.#schedule.set(commit, id, now + pauseMs);
    if (!isUnfinished(report)) {
      this.#schedule.remove(commit, id);
      if (report.outcome !== "completed") this.#content.discard(commit, id);
    }
    this.#store.set(commit, report);
    return (await commit.commit()).ok ? report : undefined;
  }

  /** Removes a report from the schedule: nothing has to be done about it any more. */
  async settle(id: string): Promise<void> {
    const commit = this.#kv.atomic();
    this.#schedule.remove(commit, id);
    await commit.commit();
  }

  /** Removes one expired report, and deletes some discarded content; answers whether there was any. */
  async tidy(): Promise<boolean> {
    const oldest = await this.#store.oldest();
    if (oldest && this.#isOver(oldest)) {
      const { value } = await this.#store.entry(oldest);
      if (value) await this.#store.remove(value);
    }
    const discarded = await this.#content.firstDiscarded();
    if (!discarded) return false;
    await this.#content.deleteSome(discarded);
    return true;
  }

  /** A report's id contains the time of its order. */
  #isOver(id: string): boolean {
    return this.#now() >= decodeTime(id) + REPORT_LIFE_MS;
  }
}

const encoder = new TextEncoder();
