/**
 * The figures of the whole service, as dashboards show them, and the alerts that follow from them.
 *
 * They are sampled every few seconds, once for all dashboards. Samples of a quarter of an hour are kept, so that a chart
 * doesn't begin empty.
 */
import type { Counters } from "../counters.ts";
import type { EventFeed } from "./event_feed.ts";
import type { ClusterStats } from "./cluster_stats.ts";
import type { DailyTotals } from "./daily_totals.ts";
import { AlertRules } from "./alert_rules.ts";

/** Which sentence says what is wrong, and what it names. */
export interface Problem {
  readonly code: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The state of delivery; the names are those of the dashboard's frames. */
export interface DeliveryFigures {
  readonly log_pending: number;
  /** 0 when nothing waits. */
  readonly log_oldest_pending_seconds: number;
  /** Why no rows are written at present, for people. */
  readonly log_last_error: string | null;
  /** Which sentence that is, for pages in other languages, and what it names; null where it is none of those. */
  readonly log_problem: Problem | null;
  readonly log_state: string;
  /** Rows that the sheet refused for good. */
  readonly log_dead: number;
  /** How full the spreadsheet is, from 0 to 100; 0 where that isn't known. */
  readonly sheet_percent: number;
}

/** The figures of one isolate. */
export interface IsolateStats {
  readonly id: string;
  /** The process, and the isolate's number there. */
  readonly name: string;
  readonly online_users: number;
  readonly connections: number;
  readonly rooms: number;
  readonly messages_per_second: number;
  readonly rows: number;
  readonly errors: number;
  /** Memory of its process, which isolates of one process share. */
  readonly memory_mb: number;
  readonly uptime_seconds: number;
}

/** The `data` of `initial_stats` and `stats_update`. */
export interface Stats extends DeliveryFigures {
  readonly timestamp: string;
  readonly online_users: number;
  readonly rooms: number;
  readonly connections: number;
  readonly messages_per_second: number;
  readonly messages_today: number;
  readonly total_users: number;
  readonly log_rows_today: number;
  readonly errors: number;
  readonly memory_mb: number;
  readonly uptime_seconds: number;
  readonly isolates: readonly IsolateStats[];
}

/** A point of the charts; without isolates where there are many. */
export type Point = Omit<Stats, "log_last_error" | "log_problem" | "log_state">;

/** What {@link Dashboard} works on. */
export interface DashboardParts {
  readonly clusterStats: ClusterStats;
  readonly counters: Counters;
  readonly dailyTotals: DailyTotals;
  readonly feed: EventFeed;
  readonly delivery: () => Promise<DeliveryFigures>;
  readonly countUsers: () => Promise<number>;
  readonly outboxLimit: number;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** As protocol.md has it. */
const UPDATE_EVERY_MS = 5_000;
/** A quarter of an hour. */
const POINTS = 180;
/** With more isolates than this, points don't list them. */
const MOST_REMEMBERED = 16;
const TRIM_EVERY_SAMPLES = 120;
const MIB = 1024 * 1024;

/** The figures that dashboards show, and their last quarter of an hour. */
export class Dashboard {
  readonly #parts: DashboardParts;
  readonly #alertRules = new AlertRules();
  readonly #listeners = new Set<(text: string) => void>();
  #points: Point[] = [];
  #samples = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #sampling: Promise<void> | undefined;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
  }

  /** Begins to sample; to be called before the first message of the day is counted. */
  async open(): Promise<void> {
    const { dailyTotals, failed } = this.#parts;
    await dailyTotals.beginDay();
    this.#timer = setInterval(() => {
      this.#sampling ??= this.#sample().catch(failed).finally(() => this.#sampling = undefined);
    }, UPDATE_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sampling;
  }

  /** The first frame for a dashboard; `listener` is called with each further one until `leave` is called. */
  async listen(listener: (text: string) => void): Promise<{ first: string; leave: () => void }> {
    const { feed } = this.#parts;
    const stopFeed = await feed.listen(listener);
    try {
      const data = { ...await this.stats(), history: this.#points };
      this.#listeners.add(listener);
      const leave = (): void => {
        stopFeed();
        this.#listeners.delete(listener);
      };
      return { first: JSON.stringify({ type: "initial_stats", data }), leave };
    } catch (error) {
      stopFeed();
      throw error;
    }
  }

  /** The figures now. */
  async stats(): Promise<Stats> {
    const { clusterStats, dailyTotals, delivery, countUsers, now } = this.#parts;
    const [today, figures, users] = await Promise.all([dailyTotals.today(), delivery(), countUsers()]);
    const { people, rooms, connections, messagesPerSecond, errors, rssBytes, startedAt } = clusterStats
      .totals();
    return {
      timestamp: new Date(now()).toISOString(),
      online_users: people,
      rooms,
      connections,
      messages_per_second: rounded(messagesPerSecond),
      messages_today: today.messages,
      total_users: users,
      ...figures,
      log_rows_today: today.rows,
      errors,
      memory_mb: rounded(rssBytes / MIB),
      uptime_seconds: Math.round((now() - startedAt) / 1000),
      isolates: this.#isolates(),
    };
  }

  #isolates(): IsolateStats[] {
    const isolates = this.#parts.clusterStats.isolates().map(({ id, figures }) => ({
      id,
      name: `${figures.instance.slice(0, 4)}-${figures.isolate}`,
      online_users: figures.people,
      connections: figures.connections,
      rooms: figures.rooms,
      messages_per_second: rounded(figures.messagesPerSecond),
      rows: figures.rows,
      errors: figures.errors,
      memory_mb: rounded(figures.rssBytes / MIB),
      uptime_seconds: Math.round((this.#parts.now() - figures.startedAt) / 1000),
    }));
    return isolates.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  async #sample(): Promise<void> {
    const { feed, counters, outboxLimit } = this.#parts;
    const data = await this.stats();
    const { log_last_error: _, log_problem: __, log_state: ___, ...point } = data;
    const isolates = data.isolates.length > MOST_REMEMBERED ? [] : data.isolates;
    this.#points = [...this.#points, { ...point, isolates }].slice(-POINTS);
    if (this.#listeners.size) {
      const text = JSON.stringify({ type: "stats_update", data });
      for (const listener of this.#listeners) listener(text);
    }
    const alerts = this.#alertRules.check({
      pending: data.log_pending,
      oldestPendingSeconds: data.log_oldest_pending_seconds,
      outboxLimit,
      rateLimited: counters.refused.get("rate_limited") ?? 0,
    });
    for (const alert of alerts) feed.alert(alert);
    // A post about an event may have been lost.
    await feed.poll();
    if (++this.#samples % TRIM_EVERY_SAMPLES === 0) await feed.trim();
  }
}

function rounded(figure: number): number {
  return Math.round(figure * 10) / 10;
}
