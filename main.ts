/**
 * Talksheet: chat rooms in the browser whose every message becomes one row in a sheet.
 *
 * The composition root: opens KV, builds the parts from the inner to the outer, serves, and stops in reverse.
 */
import { dirname } from "node:path";
import { openAccess } from "./rooms/access/open_access.ts";
import { systemClock } from "./rooms/clock.ts";
import { Counters } from "./rooms/counters.ts";
import { openStats } from "./rooms/stats/open_stats.ts";
import { Documents } from "./rooms/documents/documents.ts";
import type { Post } from "./rooms/cluster/channel.ts";
import { openChannel } from "./rooms/cluster/open_channel.ts";
import { Idempotency } from "./rooms/kv/idempotency_keys.ts";
import { openNotifications } from "./rooms/notifications/open_notifications.ts";
import { openMessageLog } from "./rooms/messages/message_log.ts";
import { CLOSE } from "./rooms/protocol.ts";
import { hasQueue, Queue } from "./rooms/kv/queue.ts";
import { openReports } from "./rooms/reports/open_reports.ts";
import { retryWhenLocked } from "./rooms/kv/retry_when_locked.ts";
import { StorageGuard } from "./rooms/kv/storage_guard.ts";
import { untraced } from "./rooms/trace.ts";
import { createApp } from "./routes/app.ts";
import { type Config, ConfigError, isRemote, readConfig } from "./routes/config.ts";
import { filesExhausted } from "./rooms/stats/alert_rules.ts";
import { readTranslations } from "./routes/translations.ts";
import { listen, listenByPlatform } from "./routes/server/listener.ts";
import { createLogger, errorFields, writeLine } from "./routes/logger.ts";
import { networkOrigin, ownOrigin } from "./routes/server/own_address.ts";
import { serve } from "./routes/process.ts";
import { listenTrouble, storeTrouble } from "./routes/server/start_check.ts";
import { StaticFiles } from "./routes/pages/static_files.ts";
import { openTrace } from "./routes/tracing.ts";
import { alertOf, leaseLost, warningOf } from "./sheets/delivery/alerts.ts";
import { DirectWakeUp, QueueWakeUp } from "./sheets/delivery/wake_up.ts";
import { openDelivery } from "./sheets/delivery/open_delivery.ts";
import { openSheet } from "./sheets/open_sheet.ts";
import type { Notice } from "./sheets/sheet.ts";
import { openFormats } from "./sheets/reports/open_formats.ts";

/** A running service. */
export interface Service extends AsyncDisposable {
  /** Where it listens, as an origin: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Looks for messages that wait for the sheet, and for reports that are due; resolves when that is done, or nobody works. */
  sweep(): Promise<void>;
  /** Stops within 5 s: what isn't in the sheet by then stays in the outbox. */
  stop(): Promise<void>;
}

/** When clients whose sockets close with the service may come back, give or take. */
const RETRY_AFTER_MS = 1_000;
/** How long clients may take to answer that their sockets close. */
const SOCKETS_CLOSE_WITHIN_MS = 1_000;
/** How long the append that is under way, and the requests that are being answered, may take when the service stops. */
const STOP_WITHIN_MS = 3_000;
/** How long an append that was cut short may take to notice. */
const GIVE_UP_WITHIN_MS = 500;
/** A browser opens several connections for pages besides its sockets. */
const IDLE_PER_SOCKET = 2;
/** How long a sweep waits for reports: a clock that rings each minute waits for the last one. */
const SWEEP_AT_MOST_MS = 45_000;
/** How often what the archive holds is dropped from memory, and the depth of the outbox is read. */
const HOUSEKEEPING_MS = 2_000;

/** Starts the service; what the configuration leaves out is as {@link readConfig} makes it of an empty environment. */
export async function start(given: Partial<Config> = {}): Promise<Service> {
  const config = { ...readConfig({}), ...given };
  const counters = new Counters();
  const log = createLogger(config.logLevel, writeLine, () => counters.errors++);
  const failed = (what: string, error: unknown, count?: number): void =>
    log.error(what, { count, ...errorFields(error) });
  const noticed = (notice: Notice): void => {
    log.warn("sheet_notice", { code: notice.code, message: notice.message });
    stats.board.warn(...alertOf(notice));
    delivery.note(notice);
  };
  const { sheet, pace } = await openSheet(config, noticed);
  const storage = new StorageGuard(fileOf(config), (trouble) => {
    if (trouble) log.error("storage_troubled", { reason: trouble });
    else log.info("storage_recovered");
  });
  const kv = await openKv(config, storage);
  const isQueued = config.logDelivery !== "sweep" && await hasQueue(kv);
  if (config.logDelivery === "queue" && !isQueued) {
    kv.close();
    throw new ConfigError('LOG_DELIVERY is "queue", but this KV has no queues; wanted: auto or sweep');
  }
  const queue = isQueued ? new Queue(kv) : undefined;
  const wakeUp = queue ? new QueueWakeUp(queue) : new DirectWakeUp();
  const common = {
    ...config,
    kv,
    storage,
    isRemote: isRemote(config.kvPath),
    clock: systemClock,
    random: Math.random,
    counters,
    trace: config.isTraced ? await openTrace() : untraced,
    instance: config.instance ?? crypto.randomUUID(),
    leaseLost: (name: string) => {
      log.warn("lease_lost", { name });
      stats.board.warn(leaseLost(name));
    },
    failed,
  };
  const rooms = await openMessageLog({
    ...common,
    bell: wakeUp,
    // Nobody is in a room before accounts are open.
    isOwned: (name) => access.accounts.owns(name),
    openChannel: (rung) =>
      openChannel(config.fanOut, {
        ...common,
        place: `talksheet ${config.kvPath}`,
        rung,
        troubled: (error) => error ? log.warn("fan_out_lost", errorFields(error)) : log.info("fan_out_found"),
      }),
  });
  const delivery = await openDelivery({
    ...common,
    sheet,
    pace,
    rooms,
    wakeUp,
    noticed,
    refused: (id, cause) => log.warn("row_refused", { id, cause }),
    troubled: (trouble, cause) => {
      if (trouble) log.warn(`log_${trouble.state}`, errorFields(cause));
      else log.info("log_recovered");
      stats.board.warn(...warningOf(trouble));
    },
  });
  const access = await openAccess({
    ...common,
    rooms,
    forgotten: (messages) => log.info("history_forgotten", { messages }),
  });
  const notifications = openNotifications({ ...common, rooms, access });
  const stats = await openStats({
    ...common,
    rooms,
    log: () => delivery.figures(),
    countUsers: () => access.accounts.count(),
  });
  const reports = openReports({
    ...common,
    ...access,
    rooms,
    queue,
    reportFormats: openFormats(config.timeZone),
  });
  const documents = new Documents({ ...common, ...rooms, ...access, now: systemClock.now });
  const hearers = [delivery, notifications, stats, reports, documents];
  // What one of them can't make of a post is no reason for the others not to hear it.
  const hear = (post: Post): void => {
    for (const hearer of hearers) {
      try {
        hearer.receive(post);
      } catch (error) {
        failed("post_failed", error);
      }
    }
  };
  await rooms.open(
    hear,
    () => delivery.begin(),
    () => notifications.lost(),
  );
  stats.open();
  const housekeeping = setInterval(() => {
    storage.look();
    Promise.all([rooms.keep(), delivery.keep()]).catch((error) => failed("housekeeping_failed", error));
  }, HOUSEKEEPING_MS);

  const files = new StaticFiles();
  // Sockets that speak a language wait for its words; whoever comes first shouldn't wait longer.
  await files.now();
  const stopping = new AbortController();
  const app = createApp({
    config,
    log,
    ...rooms,
    ...access,
    ...notifications,
    ...stats,
    counters,
    instance: common.instance,
    storage,
    idempotency: new Idempotency(kv, systemClock.now),
    logFigures: () => delivery.figures(),
    documents,
    logStatus: delivery.status,
    delivery: delivery.delivery,
    sheet,
    reports,
    files,
    words: readTranslations(files),
    now: systemClock.now,
    isStopping: () => stopping.signal.aborted,
  });
  const { host: hostname, port, reusePort } = config;
  const server = explained(() =>
    (config.isDeployed ? listenByPlatform : listen)({
      hostname,
      port,
      reusePort,
      // Behind a proxy all come from its address.
      maxIdlePerAddress: config.trustProxy ? 0 : IDLE_PER_SOCKET * config.maxConnectionsPerIp,
      handler: (request, bindings) => app.fetch(request, bindings),
      exhausted(connections) {
        log.warn("files_exhausted", { connections });
        stats.board.warn(filesExhausted(connections));
      },
    }), config);
  const url = ownOrigin(hostname, server.port);
  log.info("started", {
    url,
    network_url: await networkOrigin(hostname, server.port),
    sheet: sheet.name,
    delivery: isQueued ? "queue" : "sweep",
    fan_out: config.fanOut,
    pending: rooms.outbox.depth,
  });

  const stopped = Promise.withResolvers<void>();
  async function stop(): Promise<void> {
    if (stopping.signal.aborted) return await stopped.promise;
    stopping.abort();
    clearInterval(housekeeping);
    const over = new AbortController();
    const after = (ms: number): Promise<void> => systemClock.wait(ms, over.signal);
    const deadline = after(STOP_WITHIN_MS);
    const flushed = delivery.stop();
    const closed = Promise.all([reports.stop(), access.close(), stats.close()]);
    await Promise.race([rooms.drain(deadline), deadline]);
    const reason = `restarting, retry_after_ms=${RETRY_AFTER_MS}`;
    const closing = Promise.all([
      access.liveConnections.disconnectAll(CLOSE.restarting, reason),
      // Rooms wait a while for those who have just left.
      rooms.lobby.close(CLOSE.restarting, reason),
    ]);
    // A server that shuts down before they are closed closes them with a code of its own.
    await Promise.race([closing, after(SOCKETS_CLOSE_WITHIN_MS)]);
    await Promise.race([documents.settle(), deadline]);
    await Promise.race([Promise.all([flushed, closed, server.shutdown()]), deadline]);
    delivery.kill();
    await Promise.race([flushed, after(GIVE_UP_WITHIN_MS)]);
    server.close();
    const ended = Promise.all([documents.close(), delivery.close(), rooms.close(), notifications.close()])
      .catch((error) => failed("close_failed", error));
    // KV may be out of reach.
    await Promise.race([ended, after(GIVE_UP_WITHIN_MS)]);
    over.abort();
    await sheet[Symbol.asyncDispose]();
    kv.close();
    log.info("stopped", { pending: rooms.outbox.depth });
    stopped.resolve();
  }

  async function sweep(): Promise<void> {
    const over = new AbortController();
    // Another process may work on reports for long.
    const reported = Promise.race([reports.sweep(), systemClock.wait(SWEEP_AT_MOST_MS, over.signal)]);
    await Promise.all([reported, delivery.sweep()]);
    over.abort();
  }

  return { url, sweep, stop, [Symbol.asyncDispose]: stop };
}

/** The database file; `undefined` where there is none. */
function fileOf({ kvPath: path }: Config): string | undefined {
  return path === undefined || isRemote(path) || path === ":memory:" ? undefined : path;
}

/** Listens. Throws {@link ConfigError} that says why it can't. */
function explained<Listening>(attempt: () => Listening, config: Config): Listening {
  try {
    return attempt();
  } catch (cause) {
    throw new ConfigError(listenTrouble(config, cause), { cause });
  }
}

async function openKv(config: Config, storage: StorageGuard): Promise<Deno.Kv> {
  const { kvPath: path, fanOut } = config;
  const file = fileOf(config);
  try {
    if (file !== undefined) await Deno.mkdir(dirname(file), { recursive: true });
    const kv = storage.guard(await Deno.openKv(path));
    return fanOut === "broadcast" ? retryWhenLocked(kv) : kv;
  } catch (cause) {
    throw new ConfigError(storeTrouble(path, cause), { cause });
  }
}

if (import.meta.main) {
  await serve(start, import.meta.url, (config) => openSheet(config, () => {}));
}
