import { assertEquals } from "@std/assert";
import { Client } from "../support/client.ts";
import { engineTest, startDenokv, startRedis } from "../support/servers.ts";
import { startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";

for (const withRedis of [false, true]) {
  const way = withRedis ? "Redis" : "KV alone";
  engineTest(
    `Cluster through ${way} sees the members of a killed process leave`,
    withRedis ? ["denokv", "redis-server"] : ["denokv"],
    async () => {
      await using directory = await temporaryDirectory();
      await using kv = await startDenokv(directory.path);
      await using redis = withRedis ? await startRedis() : undefined;
      const env = {
        KV_PATH: kv.url,
        DENO_KV_ACCESS_TOKEN: String(Deno.env.get("DENO_KV_ACCESS_TOKEN")),
        LOG_CSV_PATH: `${directory.path}/log.csv`,
        ...(redis && { REDIS_URL: redis.url }),
      };
      await using stays = await startProcess(env);
      await using dies = await startProcess(env);
      const ada = await Client.enter(stays.url, "lobby", "?username=ada");
      await ada.next("online_users");
      const others = await Promise.all(
        Array.from({ length: 200 }, (_, i) => Client.enter(dies.url, "lobby", `?username=u${i % 100}`)),
      );
      await ada.until((frames) => frames.some(({ type, count }) => type === "online_users" && count === 101));
      await dies.kill();
      await ada.until(() => ada.all("user_leave").length === 100);
      assertEquals((await ada.next("online_users", ({ count }) => count === 1)).users, ["ada"]);
      await Promise.all([...others, ada].map((client) => client.close()));
    },
  );
}
