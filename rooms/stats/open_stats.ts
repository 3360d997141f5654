/** Puts together what shows how the service is doing. */
import { Survey } from "./survey.ts";
import type { Clock } from "../clock.ts";
import type { Post } from "../cluster/channel.ts";
import type { MessageLog } from "../messages/message_log.ts";
import { Dashboard, type LogFigures } from "./dashboard.ts";
import type { Counters } from "../counters.ts";
import { EventFeed } from "./event_feed.ts";
import { ClusterStats } from "./cluster_stats.ts";

export interface OpenStats {
  readonly overview: ClusterStats;
  readonly board: Dashboard;
  readonly feed: EventFeed;
  readonly survey: Survey;
}

export interface StatsOptions {
  readonly kv: Deno.Kv;
  readonly rooms: MessageLog;
  readonly counters: Counters;
  readonly log: () => Promise<LogFigures>;
  readonly countUsers: () => Promise<number>;
  readonly outboxLimit: number;
  readonly clock: Clock;
  /** What isolates of one process have in common, and the number of this one there. */
  readonly instance: string;
  readonly isolate: number;
  readonly failed: (what: string, error: unknown) => void;
}

/** Opens it before the first message is taken. */
export async function openStats(
  options: StatsOptions,
): Promise<OpenStats & { open(): void; receive(post: Post): void; close(): Promise<void> }> {
  const { clock: { now }, rooms: { channel, lobby, dailyTotals }, failed } = options;
  const open = { channel, rooms: () => lobby.rooms(), now };
  const overview = new ClusterStats({ ...options, ...open });
  const feed = new EventFeed({ ...options, ...open, failed: (error) => failed("event_feed_failed", error) });
  const survey = new Survey({ ...open, id: overview.id, others: () => overview.others });
  const board = new Dashboard({
    ...options,
    overview,
    feed,
    dailyTotals,
    now,
    failed: (error) => failed("dashboard_failed", error),
  });
  await board.open();
  return {
    overview,
    board,
    feed,
    survey,
    /** Begins to tell the others, who can be heard by now. */
    open: () => overview.open(),
    receive(post) {
      overview.receive(post);
      feed.receive(post);
      survey.receive(post);
    },
    async close() {
      overview.close();
      await board.close();
    },
  };
}
