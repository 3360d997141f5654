/** Which way isolates and machines reach each other. */
import { Broadcast } from "./broadcast.ts";
import type { Channel } from "./channel.ts";
import { KeyValue } from "./key_value.ts";
import { Redis } from "./redis.ts";

/** `none`: there is one isolate. `broadcast`: several of one process. `redis`, `kv`: several machines. */
export type ClusterEngine = "none" | "broadcast" | "redis" | "kv";

export interface EngineParts {
  readonly kv: Deno.Kv;
  /** What tells these rooms from others: only who names the same database hears the others. */
  readonly place: string;
  readonly redisUrl: string | undefined;
  /** Called when something was committed elsewhere. */
  readonly rung: () => void;
  /** Called when the engine is out of reach, and with `undefined` when it is back. */
  readonly troubled: (error: unknown) => void;
}

/** Opens the engine's channel; the one of a single isolate is none. */
export async function openChannel(engine: ClusterEngine, parts: EngineParts): Promise<Channel | undefined> {
  const { kv, place, redisUrl, rung, troubled } = parts;
  switch (engine) {
    case "none":
      return undefined;
    case "broadcast":
      return new Broadcast(place);
    case "kv":
      return new KeyValue({ kv, rung, failed: troubled });
    case "redis": {
      if (!redisUrl) throw new TypeError("Opening the channel failed: Redis needs an address");
      // Loaded only where it is used.
      const { createClient } = await import("@redis/client");
      return new Redis({ url: redisUrl, place, troubled }, createClient);
    }
  }
}
