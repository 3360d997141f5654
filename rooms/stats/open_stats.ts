/** Makes the parts of statistics: figures, dashboard and alerts. */
import type { Clock } from "../clock.ts";
import type { Post } from "../cluster/channel.ts";
import type { Part } from "../lifecycle.ts";
import { Dashboard, type DashboardParts } from "./dashboard.ts";
import type { EventFeed } from "./event_feed.ts";
import { ClusterStats, type ClusterStatsParts } from "./cluster_stats.ts";

/** The figures of the service, as routes show them. */
export interface OpenStats {
  readonly clusterStats: ClusterStats;
  readonly dashboard: Dashboard;
  readonly feed: EventFeed;
}

interface StatsOptions
  extends Omit<ClusterStatsParts, "rooms" | "now">, Omit<DashboardParts, "clusterStats" | "now" | "failed"> {
  /** The rooms that are open here. */
  readonly openRooms: ClusterStatsParts["rooms"];
  readonly clock: Clock;
  readonly failed: (what: string, error: unknown) => void;
}

/** Opens them; to be called before the first message is taken. */
export async function openStats(options: StatsOptions): Promise<OpenStats & Part<Post>> {
  const { clock: { now }, openRooms, feed, failed } = options;
  const clusterStats = new ClusterStats({ ...options, rooms: openRooms, now });
  const dashboard = new Dashboard({
    ...options,
    clusterStats,
    now,
    failed: (error) => failed("dashboard_failed", error),
  });
  await dashboard.open();
  return {
    clusterStats,
    dashboard,
    feed,
    name: "stats",
    start: () => clusterStats.open(),
    receive(post) {
      feed.receive(post);
    },
    quiesce: () => clusterStats.close(),
    close: () => dashboard.close(),
  };
}
