/** Reports for tests: the runner, and all it needs, without rooms and routes. */
import { gunzipSync } from "node:zlib";
import { Archive } from "../../rooms/messages/archive.ts";
import type { Clock } from "../../rooms/clock.ts";
import { Lease } from "../../rooms/kv/lease.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import type { ReportFormat } from "../../rooms/reports/report_format.ts";
import { isUnfinished, type Order, type Report, type ReportType } from "../../rooms/reports/report.ts";
import { ReportStore } from "../../rooms/reports/report_store.ts";
import { ReportJobs } from "../../rooms/reports/report_jobs.ts";
import { ReportWorker, type ReportWorkerParts } from "../../rooms/reports/report_worker.ts";
import { openFormats } from "../../sheets/reports/open_formats.ts";
import { committer } from "./delivery.ts";
import { parseCsv } from "./service.ts";

export interface TestReports extends AsyncDisposable {
  readonly kv: Deno.Kv;
  readonly store: ReportStore;
  readonly jobs: ReportJobs;
  readonly archive: Archive;
  readonly clock: PatientClock;
  /** Reports as they moved on. */
  readonly moved: readonly Report[];
  /** What went wrong. */
  readonly failures: readonly unknown[];
  /** Commits messages to a room as one batch. */
  commit(room: string, ...messages: string[]): Promise<string[]>;
  /** Asks for a report, for ada. */
  ask(order?: Partial<Order>): Promise<Report>;
  /** Begins to work. */
  run(): void;
  /** Ends after the slice that is under way. */
  stop(): Promise<void>;
  /** The report when it is finished. */
  finished(report: Report): Promise<Report>;
  /** The cells of the file in CSV. */
  csv(report: Report): Promise<string[][]>;
}

export const ADA = "01ADA";

/** Time in which waits take none; between them the time of day runs as it does, and may jump. */
export class PatientClock implements Clock {
  #waited = 0;
  #jumped = 0;

  now(): number {
    return Date.now() + this.#waited + this.#jumped;
  }

  elapsed(): number {
    return this.#waited;
  }

  /** Lets the time of day jump. */
  jump(ms: number): void {
    this.#jumped += ms;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#waited += ms;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** With `kv` it is one of several on the same database, which it then doesn't close. */
export async function openTestReports(
  options: Partial<Omit<ReportWorkerParts, "reportFormats">> & {
    kv?: Deno.Kv;
    reportFormats?: Partial<Record<ReportType, ReportFormat>>;
  } = {},
): Promise<TestReports> {
  const kv = options.kv ?? await Deno.openKv(":memory:");
  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  await archive.open();
  const clock = new PatientClock();
  const store = new ReportStore({ kv, now: () => clock.now(), add() {} });
  const moved: Report[] = [];
  const failures: unknown[] = [];
  const jobs = new ReportJobs({ kv, store, now: () => clock.now() });
  const runner = new ReportWorker({
    jobs,
    archive,
    lease: new Lease(kv, "reports", clock),
    clock,
    maxMessages: 1e6,
    isAllowed: () => Promise.resolve(true),
    moved: (report) => moved.push(report),
    failed: (_, error) => failures.push(error),
    ...options,
    reportFormats: { ...openFormats("Asia/Taipei"), ...options.reportFormats },
  });
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const reports: TestReports = {
    kv,
    store,
    jobs,
    archive,
    clock,
    moved,
    failures,
    commit: committer(kv, outbox),
    ask: (order = {}) =>
      store.create(ADA, {
        type: "transcript",
        room: "lobby",
        from: undefined,
        to: clock.now() + 1,
        language: "en",
        ...order,
      }),
    run() {
      running = runner.run(stopping.signal);
    },
    async stop() {
      stopping.abort();
      await running;
    },
    async finished({ id }) {
      for (;;) {
        const report = await store.get(id);
        if (report && !isUnfinished(report)) return report;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async csv(report) {
      const pieces = await Array.fromAsync(store.read(report, "csv"));
      const bytes = await new Blob(pieces).bytes();
      return parseCsv(new TextDecoder().decode(gunzipSync(bytes)));
    },
    async [Symbol.asyncDispose]() {
      await reports.stop();
      if (!options.kv) kv.close();
    },
  };
  return reports;
}
