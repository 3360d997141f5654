import { assert, assertEquals } from "@std/assert";
import { clusterSoak } from "../support/cluster.ts";
import { engineTest } from "../support/servers.ts";
import { seeded } from "../support/random.ts";

const KILLS = 5;

for (const [seed, withRedis] of [false, true].entries()) {
  const needs = withRedis ? ["denokv", "redis-server"] : ["denokv"];
  const way = withRedis ? "Redis, which restarts" : "KV alone";
  engineTest(
    `Cluster of 3 processes through ${way}, loses, doubles and misplaces nothing in ${KILLS} kills`,
    needs,
    async () => {
      const { acknowledged, stored, rows, ...faults } = await clusterSoak({
        processes: 3,
        kills: KILLS,
        withRedis,
        random: seeded(seed),
      });
      assertEquals(faults, { lost: 0, doubled: 0, outOfOrder: 0 });
      assertEquals(rows, stored);
      assert(acknowledged > 100, `${acknowledged} acknowledged`);
    },
  );
}
