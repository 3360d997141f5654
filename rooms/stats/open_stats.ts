/** Puts together what shows how the service is doing. */
import { Census } from "./survey.ts";
import type { Clock } from "../clock.ts";
import type { Post } from "../cluster/channel.ts";
import type { Rooms } from "../messages/message_log.ts";
import { Board, type LogFigures } from "./dashboard.ts";
import type { Counts } from "../counters.ts";
import { Feed } from "./event_feed.ts";
import { Overview } from "./cluster_stats.ts";

export interface Figured {
  readonly overview: Overview;
  readonly board: Board;
  readonly feed: Feed;
  readonly census: Census;
}

export interface BoardOptions {
  readonly kv: Deno.Kv;
  readonly rooms: Rooms;
  readonly counts: Counts;
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
export async function openBoard(
  options: BoardOptions,
): Promise<Figured & { open(): void; receive(post: Post): void; close(): Promise<void> }> {
  const { clock: { now }, rooms: { channel, lobby, tally }, failed } = options;
  const open = { channel, rooms: () => lobby.rooms(), now };
  const overview = new Overview({ ...options, ...open });
  const feed = new Feed({ ...options, ...open, failed: (error) => failed("feed_failed", error) });
  const census = new Census({ ...open, id: overview.id, others: () => overview.others });
  const board = new Board({
    ...options,
    overview,
    feed,
    tally,
    now,
    failed: (error) => failed("board_failed", error),
  });
  await board.open();
  return {
    overview,
    board,
    feed,
    census,
    /** Begins to tell the others, who can be heard by now. */
    open: () => overview.open(),
    receive(post) {
      overview.receive(post);
      feed.receive(post);
      census.receive(post);
    },
    async close() {
      overview.close();
      await board.close();
    },
  };
}
