/**
 * `POST /api/socket`: a page whose sockets don't open calls it, because browsers don't say why. The API refuses the call for
 * the reasons for which it refuses sockets; an answer means that a proxy in between doesn't forward sockets.
 */
import { Hono } from "hono";
import type { ApiEnv } from "./gate.ts";

/** The route of the check. */
export function socketCheck(): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post("/", (c) => c.json({ ok: true }));
}
