/**
 * `/ws/dashboard/`: live figures for admins. The service sends `initial_stats` on connect, `stats_update` every 5 s, and
 * posted events and alerts at once; it expects nothing from the client.
 */
import type { Hono } from "hono";
import type { Dashboard } from "../../rooms/stats/dashboard.ts";
import type { Bindings } from "../authentication.ts";
import type { Logger } from "../logger.ts";
import { accountSocket } from "./account_socket.ts";
import type { SocketUpgrade } from "./upgrade.ts";

const MAX_FRAME_BYTES = 1_024;
const FRAMES_PER_MINUTE = 60;

/** The route of the dashboard's socket. */
export function dashboardSocket(options: {
  upgrade: SocketUpgrade;
  log: Logger;
  dashboard: Dashboard;
}): Hono<{ Bindings: Bindings }> {
  return accountSocket({
    ...options,
    path: "/ws/dashboard",
    maxFrameBytes: MAX_FRAME_BYTES,
    framesPerMinute: FRAMES_PER_MINUTE,
    refusal: ({ role }) => role === "admin" ? undefined : "The dashboard is for admins",
    async serve(connection) {
      // What is posted while the first figures are read is sent after them.
      const early: string[] = [];
      let send = (text: string): void => void early.push(text);
      const { first, leave } = await options.dashboard.listen((text) => send(text));
      send = (text) => connection.send(text);
      for (const text of [first, ...early]) send(text);
      return { receive() {}, left: leave };
    },
  });
}
