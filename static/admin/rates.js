const MINUTE_MS = 60_000;

/**
 * How much a figure that only grows has grown a minute, between each point and the one before; `null` where that can't
 * be told: at the first one, and where counting began anew.
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
