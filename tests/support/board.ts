/** Dashboards, as tests look at them. */
import { Client, type Frame } from "./client.ts";
import type { Visitor } from "./visitor.ts";

/** Opens a dashboard's socket as somebody. */
export function openDashboard(origin: string, visitor: Visitor | undefined, query = ""): Client {
  const headers: Record<string, string> = visitor ? { cookie: visitor.cookie } : {};
  return new Client(`${origin.replace("http", "ws")}/ws/dashboard/${query}`, { headers });
}

/** Resolves to the first figures that something holds of, from now on. */
export async function statsWith(
  dashboard: Client,
  holds: (data: Frame["data"]) => boolean,
): Promise<Frame["data"]> {
  for (const { type, data } of dashboard.frames.slice(-1)) {
    if ((type === "initial_stats" || type === "stats_update") && holds(data)) return data;
  }
  return (await dashboard.next("stats_update", ({ data }) => holds(data))).data;
}
