/** Serves the app at the address that the configuration names, as a part of the service. */
import { Idempotency } from "../../rooms/kv/idempotency_keys.ts";
import { filesExhausted } from "../../rooms/stats/alert_rules.ts";
import { type AppParts, createApp } from "../app.ts";
import { ConfigError } from "../config.ts";
import { StaticFiles } from "../pages/static_files.ts";
import { readTranslations } from "../translations.ts";
import { listen, listenByPlatform } from "./listener.ts";
import { networkOrigin, ownOrigin } from "./own_address.ts";
import { listenTrouble } from "./start_check.ts";

/** What {@link openServer} works on. */
export interface ServerParts extends Omit<AppParts, "files" | "words" | "idempotency"> {
  readonly kv: Deno.Kv;
}

/** The server as a part: it ends when the requests under way are answered. */
export interface Server {
  readonly name: "server";
  /** Its address as an origin: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Its address for other machines of the network; `undefined` when they can't reach it. */
  readonly networkUrl: string | undefined;
  drain(): Promise<void>;
  close(): void;
}

/** A browser opens several connections for pages besides its sockets. */
const IDLE_PER_SOCKET = 2;

/**
 * Begins to listen, and answers by the app.
 * @throws {ConfigError} that says why it can't listen, and what is wanted.
 */
export async function openServer(parts: ServerParts): Promise<Server> {
  const { config, kv, now, log, feed } = parts;
  const { host: hostname, port, reusePort, isDeployed, trustProxy, maxConnectionsPerIp } = config;
  const files = new StaticFiles(config.staticUrl === undefined ? undefined : new URL(config.staticUrl));
  // Sockets that speak a language wait for its words; the first one shouldn't wait longer.
  await files.now();
  const idempotency = new Idempotency(kv, now);
  const app = createApp({ ...parts, files, words: readTranslations(files), idempotency });
  const begin = isDeployed ? listenByPlatform : listen;
  try {
    const server = begin({
      hostname,
      port,
      reusePort,
      // Behind a proxy all come from its address.
      maxIdlePerAddress: trustProxy ? 0 : IDLE_PER_SOCKET * maxConnectionsPerIp,
      handler: (request, bindings) => app.fetch(request, bindings),
      exhausted(connections) {
        log.warn("files_exhausted", { connections });
        feed.alert(filesExhausted(connections));
      },
    });
    return {
      name: "server",
      url: ownOrigin(hostname, server.port),
      networkUrl: await networkOrigin(hostname, server.port),
      drain: () => server.shutdown(),
      close: () => server.close(),
    };
  } catch (cause) {
    throw new ConfigError(listenTrouble(config, cause), { cause });
  }
}
