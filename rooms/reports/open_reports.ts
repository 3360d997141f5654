/** Puts together what makes reports, and tells of them. */
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

/** What {@link openReports} works on. */
export interface ReportsParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly archive: Archive;
  readonly channel: Channel | undefined;
  readonly accounts: Accounts;
  readonly roomPermissions: PermissionStore;
  /** Missing where KV has none: then what a crash forgets a look every few seconds finds. */
  readonly queue: Queue | undefined;
  readonly reportFormats: Readonly<Record<ReportType, ReportFormat>>;
  readonly failed: (what: string, error: unknown) => void;
}

/** The reports of this isolate. */
export interface Reports {
  /** Takes an order; one that comes again under the same `id`, a ULID, is the same. Throws `TooManyReportsError`. */
  request(owner: string, order: Order, id?: string): Promise<Report>;
  get(id: string): Promise<Report | undefined>;
  /** One person's, the oldest first. */
  list(owner: string): Promise<Report[]>;
  /** Ends one that is under way, or takes a finished one out with its files. */
  remove(report: Report): Promise<void>;
  /** A file of a finished report, piece by piece. */
  read(report: Report, format: string): AsyncGenerator<Uint8Array<ArrayBuffer>>;
  /** Tells of each report that is under way, and then of each change, until the answer is called. */
  listen(listener: Listener): Promise<() => void>;
}

/** Of the messages in the queue that are about reports. */
const KIND = "report";

/** Messages above which a report is refused; a sheet has 1,048,576 rows. */
const MAX_MESSAGES = 1_000_000;

/** Begins to work; `quiesce` ends after the slice that is under way, which goes on elsewhere or later. */
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
    work: new ReportJobs({ kv, store, now: clock.now }),
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
      // Whoever watches the lease takes over sooner.
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
