/**
 * The one loop that makes reports, a slice of one and then a slice of the next.
 *
 * It holds the lease while there is something to do, so that one process in all works at a time, and rests between
 * slices as long as they take, so that the members of rooms hardly notice. It keeps nothing in memory: each slice
 * begins with what KV has of the report, and ends with one commit that checks the report and the lease. So a process
 * may die between any two steps, and another one goes on with the same slice.
 */
import type { Archive } from "../messages/archive.ts";
import type { Clock } from "../clock.ts";
import type { Lease } from "../kv/lease.ts";
import { type LeasedWork, LeasedWorker } from "../kv/leased_worker.ts";
import { type Piece, type ReportFormat, TooLargeError } from "./report_format.ts";
import type { Report, ReportType } from "./report.ts";
import type { Held, Progress, ReportJobs } from "./report_jobs.ts";
import { type HistoryPosition, openHistory, readPage } from "./history_reader.ts";

/** What {@link ReportWorker} works on. */
export interface ReportWorkerParts {
  readonly jobs: ReportJobs;
  readonly archive: Archive;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly reportFormats: Readonly<Record<ReportType, ReportFormat>>;
  /** Messages above which a report is refused. */
  readonly maxMessages: number;
  /** Whether its owner may still read the room. */
  readonly isAllowed: (report: Report) => Promise<boolean>;
  /** Called with each report that has moved on. */
  readonly moved: (report: Report) => void;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** How far the work on a report is. */
interface Work {
  readonly bookmark: HistoryPosition;
  /** The format's. */
  readonly state: unknown;
}

/** Time between polls for reports whose notice was lost with a process. */
const SWEEP_EVERY_MS = 5_000;
/** Time between tries to get the lease. */
const LEASE_POLL_MS = 1_000;
const BACKOFF_FROM_MS = 500;
const BACKOFF_TO_MS = 30_000;
/** After this number of failures a slice isn't tried again. */
const MAX_FAILURES = 5;
/** Bounds of the rest after a slice. */
const REST_MS = { min: 2, max: 250 };

/** Makes reports, one slice after the other, in one process at a time. */
export class ReportWorker implements LeasedWork {
  readonly #parts: ReportWorkerParts;
  readonly #loop: LeasedWorker;
  #failures = 0;

  constructor(parts: ReportWorkerParts) {
    this.#parts = parts;
    const { lease, clock } = parts;
    const intervals = { sweepEveryMs: SWEEP_EVERY_MS, leasePollMs: LEASE_POLL_MS };
    this.#loop = new LeasedWorker({ lease, clock, ...intervals }, this);
  }

  /** Something may be due, see {@link LeasedWorker.wake}. */
  wake(): void {
    this.#loop.wake();
  }

  /** Resolves when all that is due by now is done, see {@link LeasedWorker.ring}. */
  ring(): Promise<void> {
    return this.#loop.ring();
  }

  /** Works until `stop` aborts, then ends after the slice that is under way. Never rejects. */
  run(stop: AbortSignal): Promise<void> {
    return this.#loop.run(stop);
  }

  isDue(): Promise<boolean> {
    return this.#parts.jobs.isBusy();
  }

  async work(stop: AbortSignal): Promise<number> {
    const { jobs, lease } = this.#parts;
    let nextMs = Infinity;
    do {
      lease.demand();
      const due = await jobs.due();
      for (const id of due.ids) if (!stop.aborted) await this.#work(id, stop);
      const hasTidied = await jobs.tidy();
      nextMs = due.nextMs;
      if (!due.ids.length && !hasTidied) break;
    } while (!stop.aborted && await jobs.isBusy());
    this.#failures = 0;
    return nextMs;
  }

  failed(error: unknown): number {
    this.#parts.failed("reports_failed", error);
    return Math.min(BACKOFF_TO_MS, BACKOFF_FROM_MS * 2 ** this.#failures++);
  }

  /** Makes one slice, and rests. */
  async #work(id: string, stop: AbortSignal): Promise<void> {
    const { jobs, lease, clock, moved, failed } = this.#parts;
    const began = clock.elapsed();
    const held = await jobs.hold(id);
    if (!held) return await jobs.settle(id);
    let progress: Progress;
    try {
      progress = await this.#slice(held);
    } catch (error) {
      if (error instanceof TooLargeError) progress = ended("too_large");
      else {
        failed("report_failed", error);
        progress = again(held);
      }
    }
    const report = await jobs.advance(held, progress, lease);
    if (report && hasMoved(held.report, report)) moved(report);
    const tookMs = clock.elapsed() - began;
    await clock.wait(Math.min(REST_MS.max, Math.max(REST_MS.min, tookMs)), stop);
  }

  async #slice({ report, work }: Held): Promise<Progress> {
    const { archive, reportFormats, maxMessages, isAllowed } = this.#parts;
    if (!await isAllowed(report)) return ended("no_access");
    const format = reportFormats[report.type];
    const pieces: Piece[] = [];
    let { bookmark, state } = work as Work ?? {};
    if (!work) {
      bookmark = await openHistory(archive, report);
      const step = format.begin(report);
      state = step.state;
      pieces.push(...step.pieces);
    }
    const page = await readPage(archive, report, bookmark, format.pagesASlice);
    const messages = report.messages + page.messages.length;
    if (messages > maxMessages) return ended("too_large");
    if (page.isLast && !messages) return ended("no_messages");
    const step = format.take(state, page.messages, report);
    pieces.push(...step.pieces);
    if (!page.isLast) {
      const progress = Math.max(report.progress, Math.floor(99 * page.share));
      return {
        change: { outcome: "running", progress, messages, failures: 0 },
        work: { bookmark: page.bookmark, state: step.state },
        pieces,
      };
    }
    const last = await format.end(step.state, report);
    pieces.push(...last.pieces);
    return { change: { outcome: "completed", progress: 100, messages }, work: undefined, pieces };
  }
}

/** Whether the change is visible to people. */
function hasMoved(before: Report, after: Report): boolean {
  return before.outcome !== after.outcome || before.progress !== after.progress;
}

/** After a slice that failed. */
function again({ report, work }: Held): Progress {
  const failures = report.failures + 1;
  if (failures >= MAX_FAILURES) {
    return { change: { failures, outcome: "broken" }, work: undefined, pieces: [] };
  }
  return { change: { failures }, work, pieces: [], pauseMs: BACKOFF_FROM_MS * 2 ** failures };
}

function ended(outcome: "too_large" | "no_messages" | "no_access"): Progress {
  return { change: { outcome }, work: undefined, pieces: [] };
}
