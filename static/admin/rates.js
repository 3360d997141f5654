const MINUTE_MS = 60_000;

/**
 * Growth per minute of a counter between each point and the one before it; `null` for the first point, and where the counter
 * was reset.
 * @param {readonly { timestamp: string, count: number | null }[]} points
 * @returns {(number | null)[]}
 */
export function ratesOf(points) {
  return points.map(({ timestamp, count }, i) => {
    const before = points[i - 1];
    if (count === null || before === undefined || before.count === null || count < before.count) return null;
    const ms = Date.parse(timestamp) - Date.parse(before.timestamp);
    return ms > 0 ? (count - before.count) * MINUTE_MS / ms : null;
  });
}
