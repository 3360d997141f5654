/**
 * Talksheet: chat rooms in the browser whose every message becomes one row in a sheet.
 *
 * The composition root: lists the parts of the service from the inner to the outer, and starts them.
 */
import { actRows, openAccess } from "./rooms/access/open_access.ts";
import { systemClock as clock } from "./rooms/clock.ts";
import type { Post } from "./rooms/cluster/channel.ts";
import { openChannel } from "./rooms/cluster/open_channel.ts";
import { Peers } from "./rooms/cluster/peers.ts";
import { Counters } from "./rooms/counters.ts";
import { Documents } from "./rooms/documents/documents.ts";
import { FileLinks } from "./rooms/files/file_links.ts";
import { openFiles } from "./rooms/files/open_files.ts";
import { ChangeFeed } from "./rooms/kv/change_feed.ts";
import { Lifecycle } from "./rooms/lifecycle.ts";
import { MessageLog } from "./rooms/messages/message_log.ts";
import { MentionOutbox } from "./rooms/notifications/mention_outbox.ts";
import { openNotifications } from "./rooms/notifications/open_notifications.ts";
import { openPush, PushOutbox } from "./rooms/notifications/push/open_push.ts";
import { openReports } from "./rooms/reports/open_reports.ts";
import { Rooms } from "./rooms/rooms.ts";
import { DailyTotals } from "./rooms/stats/daily_totals.ts";
import { EventFeed } from "./rooms/stats/event_feed.ts";
import { openStats } from "./rooms/stats/open_stats.ts";
import { untraced } from "./rooms/trace.ts";
import { type Config, isRemote, readConfig } from "./routes/config.ts";
import { createReporter } from "./routes/logger.ts";
import { serve } from "./routes/process.ts";
import { openServer } from "./routes/server/open_server.ts";
import { openStorage } from "./routes/server/open_storage.ts";
import { openTrace } from "./routes/tracing.ts";
import { leaseLost } from "./sheets/delivery/alerts.ts";
import { openDelivery, type OpenDeliveryParts } from "./sheets/delivery/open_delivery.ts";
import { DirectWakeUp, QueueWakeUp } from "./sheets/delivery/wake_up.ts";
import { openSheet } from "./sheets/open_sheet.ts";
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

/** The longest that a sweep takes: a clock that rings each minute waits for the last one. */
const SWEEP_WITHIN_MS = 45_000;

/** Starts the service; what the configuration leaves out is as {@link readConfig} makes it of an empty environment. */
export async function start(given: Partial<Config> = {}): Promise<Service> {
  const config = { ...readConfig({}), ...given };
  const counters = new Counters();
  const { log, failed, note } = createReporter(config.logLevel, () => counters.errors++);
  const { now, elapsed } = clock;
  const lifecycle = new Lifecycle<Post>({ clock, failed });
  const { kv, queue, storage } = await openStorage(config, log);
  lifecycle.add({ name: "storage", tick: () => storage.check(), close: () => kv.close() });
  const channel = await openChannel({ ...config, kv, note });
  lifecycle.add({ name: "channel", start: () => channel?.listen(lifecycle), close: () => channel?.close() });
  const feed = new EventFeed({ kv, channel, now, failed: (error) => failed("event_feed_failed", error) });
  const changes = new ChangeFeed(kv, clock);
  await changes.open();
  lifecycle.add({ name: "change_feed", close: () => changes.close() });
  const peers = new Peers(channel);
  const common = {
    ...config,
    ...{ kv, queue, storage, channel, peers, changes, feed, clock, now, elapsed, counters, note, failed },
    isRemote: isRemote(config.kvPath),
    random: Math.random,
    trace: config.isTraced ? await openTrace() : untraced,
    instance: config.instance ?? crypto.randomUUID(),
    leaseLost(name: string): void {
      note("warn", "lease_lost", { name });
      feed.alert(leaseLost(name));
    },
  };
  const [mentions, pushOutbox, fileLinks] = [new MentionOutbox(kv), new PushOutbox(kv, now), new FileLinks()];
  const wakeUp = queue ? new QueueWakeUp(queue) : new DirectWakeUp();
  const hooks = [wakeUp, mentions, pushOutbox, fileLinks, actRows];
  const messageLog = lifecycle.add(await MessageLog.open({ ...common, hooks }));
  const { outbox, archive, history } = messageLog;
  const inner = { ...common, messageLog, outbox, archive, history, mentions, pushOutbox, fileLinks };
  const access = lifecycle.add(await openAccess(inner));
  const notifications = lifecycle.add(openNotifications({ ...inner, access }));
  const push = lifecycle.add(await openPush({ ...inner, ...notifications, access }));
  const files = lifecycle.add(openFiles({ ...inner, links: fileLinks }));
  const rooms = lifecycle.add(new Rooms({ ...inner, ...notifications, access, files }));
  access.sendBy((room, frame) => rooms.send(room, frame));
  lifecycle.add(peers);
  const dailyTotals = new DailyTotals(inner);
  const sheets: OpenDeliveryParts["openSheet"] = (...parts) => openSheet(config, ...parts);
  const delivery = lifecycle.add(
    await openDelivery({ ...inner, rooms, dailyTotals, wakeUp, openSheet: sheets }),
  );
  const stats = lifecycle.add(
    await openStats({
      ...common,
      dailyTotals,
      openRooms: () => rooms.rooms(),
      delivery: () => delivery.figures(),
      countUsers: () => access.accounts.count(),
    }),
  );
  const reportFormats = openFormats(config.timeZone);
  const reports = lifecycle.add(openReports({ ...inner, ...access, reportFormats }));
  const documents = lifecycle.add(new Documents({ ...common, ...access }));
  await lifecycle.start();

  const server = lifecycle.add(
    await openServer({
      ...inner,
      ...{ ...access, ...notifications, ...push, ...stats },
      ...{ config, log, delivery, documents, reports, rooms, roomFiles: files },
      isStopping: () => lifecycle.isStopping,
    }),
  );
  lifecycle.add({ name: "sockets", drain: () => access.liveConnections.restart() });
  const pending = (): { pending: number } => ({ pending: outbox.depth });
  const { url, networkUrl: network_url } = server;
  const ways = { sheet: delivery.sheet, delivery: queue ? "queue" : "sweep", fan_out: config.fanOut };
  log.info("started", { url, network_url, ...ways, ...pending() });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => stopped ??= lifecycle.stop().then(() => log.info("stopped", pending()));
  return { url, sweep: () => lifecycle.sweep(SWEEP_WITHIN_MS), stop, [Symbol.asyncDispose]: stop };
}

if (import.meta.main) await serve(start, import.meta.url, (config) => openSheet(config, () => {}));
