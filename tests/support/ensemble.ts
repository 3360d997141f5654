/** Several services that serve the same rooms, on any of the engines that bring posts from one to the other. */
import type { Config } from "../../routes/config.ts";
import { type Engine, startDenokv, startRedis } from "./servers.ts";
import { startService, temporaryDirectory, type TestService } from "./service.ts";

export type EngineName = "BroadcastChannel" | "KV" | "Redis";

/** What has to be installed for each. */
export const NEEDS: Record<EngineName, readonly string[]> = {
  BroadcastChannel: [],
  KV: ["denokv"],
  Redis: ["denokv", "redis-server"],
};

export interface Ensemble extends AsyncDisposable {
  readonly services: readonly TestService[];
  /** Has posts of this time get lost, until the promise resolves. */
  disturb(): Promise<void>;
}

/** Starts so many services on an engine; `given` holds for each of them. */
export async function startEnsemble(
  name: EngineName,
  count: number,
  given: Partial<Config> = {},
): Promise<Ensemble> {
  const directory = await temporaryDirectory();
  const engines: Engine[] = [];
  const config: Partial<Config> = {
    ...given,
    logCsvPath: `${directory.path}/log.csv`,
    fanOut: "broadcast",
  };
  if (name !== "BroadcastChannel") {
    const kv = await startDenokv(directory.path);
    engines.push(kv);
    Object.assign(config, { kvPath: kv.url, fanOut: "kv" });
  }
  if (name === "Redis") {
    const redis = await startRedis();
    engines.push(redis);
    Object.assign(config, { redisUrl: redis.url, fanOut: "redis" });
  }
  const services: TestService[] = [];
  for (let i = 0; i < count; i++) services.push(await startService(config, directory.path));
  const flooded = `talksheet ${directory.path}/talksheet.db`;
  return {
    services,
    disturb: () => name === "BroadcastChannel" ? flood(flooded) : restart(engines[engines.length - 1]),
    async [Symbol.asyncDispose]() {
      await Promise.all(services.map((service) => service.stop()));
      for (const engine of engines) await engine[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function restart(engine: Engine): Promise<void> {
  await engine.kill();
  await engine.start();
}

/** So many posts at once, again and again, that the channel drops what comes between them. */
async function flood(place: string): Promise<void> {
  const channel = new BroadcastChannel(place);
  for (let turn = 0; turn < 50; turn++) {
    for (let i = 0; i < 1_000; i++) channel.postMessage({ type: "who", from: "nobody" });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  channel.close();
}
