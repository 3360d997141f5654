/** Dashboards, as tests look at them. */
import { Client, type Frame } from "./client.ts";
import type { Visitor } from "./visitor.ts";

type Stats = Frame["data"];

/** Opens a dashboard's socket as somebody. */
export function openDashboard(origin: string, visitor: Visitor | undefined, query = ""): Client {
  const headers: Record<string, string> = visitor ? { cookie: visitor.cookie } : {};
  return new Client(`${origin.replace("http", "ws")}/ws/dashboard/${query}`, { headers });
}

/** Resolves to the figures as soon as something holds of them; each look is a dashboard of its own, which needn't wait. */
export async function statsWith(
  origin: string,
  admin: Visitor,
  holds: (stats: Stats) => boolean,
): Promise<Stats> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    await using dashboard = openDashboard(origin, admin);
    const { data: { history: _, ...stats } } = await dashboard.next("initial_stats");
    if (holds(stats)) return stats;
    if (performance.now() > end) {
      throw new Error(`It never came to hold: ${holds} of ${JSON.stringify(stats)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;
