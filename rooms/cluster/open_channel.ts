/** Chooses the channel between isolates and machines. */
import { Broadcast } from "./broadcast.ts";
import type { Channel } from "./channel.ts";
import { KeyValue } from "./key_value.ts";
import { Redis } from "./redis.ts";

/** `none`: there is one isolate. `broadcast`: several of one process. `redis`, `kv`: several machines. */
export type ClusterEngine = "none" | "broadcast" | "redis" | "kv";

interface EngineParts {
  readonly fanOut: ClusterEngine;
  readonly kv: Deno.Kv;
  /** The path of the database: only isolates with the same one receive each other's posts. */
  readonly kvPath: string | undefined;
  readonly redisUrl: string | undefined;
  /** Writes a line for operators: `fan_out_lost` when the engine is out of reach, and `fan_out_found` when it is back. */
  readonly note: (level: "info" | "warn", event: string, fields: undefined, cause: unknown) => void;
}

/** Opens the channel of an engine; `undefined` for a single isolate, which needs none. */
export async function openChannel(parts: EngineParts): Promise<Channel | undefined> {
  const { fanOut, kv, kvPath, redisUrl, note } = parts;
  const topic = `talksheet ${kvPath}`;
  const troubled = (error: unknown): void => {
    if (error) note("warn", "fan_out_lost", undefined, error);
    else note("info", "fan_out_found", undefined, undefined);
  };
  switch (fanOut) {
    case "none":
      return undefined;
    case "broadcast":
      return new Broadcast(topic);
    case "kv":
      return new KeyValue({ kv, failed: troubled });
    case "redis": {
      if (!redisUrl) throw new TypeError("Opening the channel failed: Redis needs an address");
      // Loaded only where it is used.
      const { createClient } = await import("@redis/client");
      return new Redis({ url: redisUrl, topic, troubled }, createClient);
    }
  }
}
