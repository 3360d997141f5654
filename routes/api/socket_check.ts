/**
 * `POST /api/socket`: what a page asks whose sockets don't open, because browsers don't tell it why. The gate before the API
 * refuses it for the reasons that sockets are refused for; an answer means that something in between doesn't pass sockets on.
 */
import { Hono } from "hono";
import type { ApiEnv } from "./gate.ts";

export function socketCheck(): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post("/", (c) => c.json({ ok: true }));
}
