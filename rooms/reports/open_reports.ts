/** Makes the parts of reports: store, worker and progress feed. */
import type { Accounts } from "../access/accounts.ts";
import type { Clock } from "../clock.ts";
import type { Channel, Post } from "../cluster/channel.ts";
import { Lease } from "../kv/lease.ts";
import type { Archive } from "../messages/archive.ts";
import type { Part } from "../lifecycle.ts";
import type { Queue } from "../kv/queue.ts";
import { mayEnter, type PermissionStore } from "../access/room_permissions.ts";
import type { ReportFormat } from "./report_format.ts";
import type { Order, Report, ReportType } from "./report.ts";
import { type Listener, ProgressFeed } from "./progress_feed.ts";
import { ReportStore } from "./report_store.ts";
import { ReportJobs } from "./report_jobs.ts";
import { ReportWorker } from "./report_worker.ts";

interface ReportsParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly archive: Archive;
  readonly channel: Channel | undefined;
  readonly accounts: Accounts;
  readonly roomPermissions: PermissionStore;
  /** Missing where KV has none: then the worker's own poll finds what a crash left. */
  readonly queue: Queue | undefined;
  readonly reportFormats: Readonly<Record<ReportType, ReportFormat>>;
  readonly failed: (what: string, error: unknown) => void;
}

/** The reports of this isolate. */
export interface Reports {
  /**
   * Takes an order; a repeated one with the same `id`, a ULID, is the same report.
   *
   * @throws {TooManyReportsError} when the owner has too many unfinished reports
   */
  request(owner: string, order: Order, id?: string): Promise<Report>;
  get(id: string): Promise<Report | undefined>;
  /** One person's, the oldest first. */
  list(owner: string): Promise<Report[]>;
  /** Cancels an unfinished report, or removes a finished one with its files. */
  remove(report: Report): Promise<void>;
  /** A file of a finished report, piece by piece. */
  read(report: Report, format: string): AsyncGenerator<Uint8Array<ArrayBuffer>>;
  /** Notifies of each unfinished report, and then of each change, until the returned function is called. */
  listen(listener: Listener): Promise<() => void>;
}

/** The kind of queue messages about reports. */
const KIND = "report";

/** Messages above which a report is refused; a sheet has 1,048,576 rows. */
const MAX_MESSAGES = 1_000_000;

/** Begins to work; after `quiesce` the present slice is the last one here. */
export function openReports(parts: ReportsParts): Reports & Part<Post> {
  const { kv, clock, channel, accounts, roomPermissions, queue, failed } = parts;
  const store = new ReportStore({
    kv,
    now: clock.now,
    add: (commit, id) => queue?.add(commit, { kind: KIND, id }, 0),
  });
  const progressFeed = new ProgressFeed({
    store,
    channel,
    failed: (error) => failed("progress_feed_failed", error),
  });
  const worker = new ReportWorker({
    ...parts,
    jobs: new ReportJobs({ kv, store, now: clock.now }),
    lease: new Lease(kv, "reports", clock),
    maxMessages: MAX_MESSAGES,
    async isAllowed({ owner, room }) {
      const account = await accounts.byId(owner);
      if (!account) return false;
      const { id, displayName: name, role } = account;
      return mayEnter(await roomPermissions.of(room), { id, name, role, isGuest: false });
    },
    moved: (report) => progressFeed.changed(report),
  });
  queue?.handle(KIND, () => worker.ring());
  const stopping = new AbortController();
  const running = worker.run(stopping.signal);
  return {
    name: "reports",
    async request(owner, order, id) {
      const report = await store.create(owner, order, id);
      progressFeed.changed(report);
      void worker.ring();
      return report;
    },
    get: (id) => store.get(id),
    list: (owner) => store.list(owner),
    async remove(report) {
      const cancelled = await store.cancel(report.id);
      if (cancelled) progressFeed.changed(cancelled);
      else await store.remove(report);
      void worker.ring();
    },
    read: (report, format) => store.read(report, format),
    listen: (listener) => progressFeed.listen(listener),
    receive(post) {
      progressFeed.receive(post);
      // An isolate that waits for the lease takes over sooner.
      if (post.type === "report") worker.wake();
    },
    sweep: () => worker.ring(),
    quiesce() {
      stopping.abort();
      progressFeed.close();
    },
    drain: () => running,
  };
}
