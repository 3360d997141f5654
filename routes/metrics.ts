/**
 * `/metrics`: the figures of this process for Prometheus, with the service's token, or from this machine without one.
 *
 * Several isolates share a port, and a scrape reaches any of them, so each answers for all isolates of its process, with the
 * figures that they posted within the last seconds. Other processes are scraped separately.
 */
import { type Context, Hono } from "hono";
import type { Registry } from "prom-client";
import type { Figures } from "../rooms/cluster/channel.ts";
import type { DeliveryFigures } from "../rooms/stats/dashboard.ts";
import type { ClusterStats } from "../rooms/stats/cluster_stats.ts";
import { isService } from "./api/gate.ts";
import type { Authentication, Bindings } from "./authentication.ts";
import { HttpError } from "./errors.ts";

/** What {@link metrics} works with. */
export interface MetricsOptions {
  readonly clusterStats: ClusterStats;
  readonly delivery: () => Promise<DeliveryFigures>;
  readonly authentication: Authentication;
  /** The id of this process. */
  readonly instance: string;
  readonly now: () => number;
}

/** A value of a metric, with its labels. */
type Sample = readonly [labels: Readonly<Record<string, string | number>>, value: number];

interface Metric {
  readonly name: string;
  readonly help: string;
  /** A counter only grows. */
  readonly kind: "gauge" | "counter";
  readonly labels: readonly string[];
  /** Reads the present values. */
  readonly read: () => Sample[] | Promise<Sample[]>;
}

/** The route of the metrics. */
export function metrics(options: MetricsOptions): Hono<{ Bindings: Bindings }> {
  let registry: Promise<Registry> | undefined;
  return new Hono<{ Bindings: Bindings }>().get("/metrics", async (c) => {
    if (!isFromHere(c) && !isService(await options.authentication.caller(c))) {
      c.header("www-authenticate", "Bearer");
      throw new HttpError(401, "not_signed_in", "Metrics need the service's token: Authorization: Bearer …");
    }
    registry ??= createRegistry(metricsOf(options));
    const text = await (await registry).metrics();
    return c.body(text, 200, { "content-type": (await registry).contentType, "cache-control": "no-store" });
  });
}

/** A registry that reads the figures at each scrape; its library is loaded with the first one. */
async function createRegistry(metrics: readonly Metric[]): Promise<Registry> {
  const { Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  for (const { name, help, kind, labels: labelNames, read } of metrics) {
    const options = { name: `talksheet_${name}`, help, labelNames: [...labelNames], registers: [registry] };
    const metric = kind === "gauge" ? new Gauge(options) : new Counter(options);
    const collect = async (): Promise<void> => {
      const samples = await read();
      metric.reset();
      for (const [labels, value] of samples) metric.inc(labels, value);
    };
    Object.assign(metric, { collect });
  }
  return registry;
}

function metricsOf({ clusterStats, delivery, instance, now }: MetricsOptions): Metric[] {
  const isolates = (): Figures[] =>
    clusterStats.isolates().map(({ figures }) => figures).filter((figures) => figures.instance === instance);
  const ofEach = (of: (figures: Figures) => number) => (): Sample[] =>
    isolates().map((figures) => [{ isolate: figures.isolate }, of(figures)]);
  const gauge = (name: string, help: string, of: (figures: Figures) => number): Metric => {
    return { name, help, kind: "gauge", labels: ["isolate"], read: ofEach(of) };
  };
  const counter = (name: string, help: string, of: (figures: Figures) => number): Metric => {
    return { name, help, kind: "counter", labels: ["isolate"], read: ofEach(of) };
  };
  const whole = (name: string, help: string, of: () => number): Metric => {
    return { name, help, kind: "gauge", labels: [], read: () => [[{}, of()]] };
  };
  let reading: Promise<DeliveryFigures> | undefined;
  // All metrics of one scrape are read at the same time, and share one read.
  const readOnce = (): Promise<DeliveryFigures> => reading ??= delivery().finally(() => reading = undefined);
  const ofDelivery = (name: string, help: string, of: (figures: DeliveryFigures) => number): Metric => {
    return { name, help, kind: "gauge", labels: [], read: async () => [[{}, of(await readOnce())]] };
  };
  return [
    gauge("connections", "Open sockets in rooms", (figures) => figures.connections),
    gauge("rooms", "Rooms that somebody is in", (figures) => figures.rooms),
    gauge("people", "People who are in rooms", (figures) => figures.people),
    gauge("heap_bytes", "Memory that objects take", (figures) => figures.heapBytes),
    counter("messages_total", "Messages that were said, resends included", (figures) => figures.messages),
    counter("deliveries_total", "Messages brought to members, one for each", (figures) => figures.deliveries),
    counter("commits_total", "Commits with messages", (figures) => figures.commits),
    counter("commit_seconds_total", "Time that these took", (figures) => figures.commitMs / 1000),
    counter("rows_written_total", "Rows that were written to the sheet", (figures) => figures.rows),
    counter("errors_total", "Lines of level error in the log", (figures) => figures.errors),
    {
      name: "refused_total",
      help: "Frames and calls that were refused, by the code that their sender was told",
      kind: "counter",
      labels: ["isolate", "code"],
      read: () =>
        isolates().flatMap(({ isolate, refused }) =>
          Object.entries(refused).map(([code, count]): Sample => [{ isolate, code }, count])
        ),
    },
    whole("memory_bytes", "Memory that the process takes", () => Deno.memoryUsage().rss),
    whole("uptime_seconds", "Since the process started", () => {
      return Math.round((now() - Math.min(...isolates().map(({ startedAt }) => startedAt))) / 1000);
    }),
    ofDelivery(
      "log_pending",
      "Messages of all processes that wait for the sheet",
      (figures) => figures.log_pending,
    ),
    ofDelivery("log_oldest_pending_seconds", "For how long the oldest of them has waited", (log) => {
      return log.log_oldest_pending_seconds;
    }),
    ofDelivery("log_dead_letters", "Rows that the sheet refused for good", (figures) => figures.log_dead),
    ofDelivery("log_paused", "1 while somebody has to act for rows to be written", (log) => {
      return Number(log.log_state === "paused");
    }),
  ];
}

const FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/**
 * Whether a request comes from a program on this machine, and not through a proxy, which shows in a header or in `Host`.
 * The check of `Host` also excludes pages that reach this machine by DNS rebinding.
 */
function isFromHere(c: Context<{ Bindings: Bindings }>): boolean {
  const { remoteAddr } = c.env.info;
  if (!("hostname" in remoteAddr) || !isLoopback(remoteAddr.hostname)) return false;
  if (FORWARDED.some((name) => c.req.header(name) !== undefined)) return false;
  const { hostname } = new URL(c.req.url);
  return hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
