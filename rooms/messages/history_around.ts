/** The messages on both sides of one. */
import type { History, HistoryPage } from "./history.ts";
import type { Line } from "./message.ts";

/**
 * The message `id` with those before it, and those after it: half of `limit` each. An unknown id counts as before the first
 * message with a higher one.
 */
export async function historyAround(
  history: History,
  room: string,
  id: string,
  limit: number,
): Promise<{ older: HistoryPage; newer: HistoryPage }> {
  const half = Math.ceil(limit / 2);
  await history.hold(room);
  try {
    const line = await history.line(room, id);
    const before = await history.before(room, id, half - 1);
    const older = { lines: line === undefined ? before.lines : [...before.lines, line], more: before.more };
    const cursor = await history.behind(room, id);
    const newer: Line[] = [];
    while (newer.length <= half) {
      for await (const page of history.archived(room, cursor)) {
        newer.push(...page.lines);
        if (newer.length > half) break;
      }
      // Memory may have dropped what the archive has taken meanwhile: then that is read from there.
      const rest = history.rest(room, cursor);
      newer.push(...rest?.lines ?? []);
      if (rest) break;
    }
    return { older, newer: { lines: newer.slice(0, half), more: newer.length > half } };
  } finally {
    history.release(room);
  }
}
