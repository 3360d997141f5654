import { assert, assertEquals } from "@std/assert";
import { soak } from "../support/soak.ts";
import { seeded } from "../support/random.ts";

const KILLS = 20;

for (const [seed, sink] of ["csv", "google"].entries() as Iterable<[number, "csv" | "google"]>) {
  Deno.test(`Service loses, doubles and misplaces nothing in ${KILLS} kills at any moment, with rows in ${sink}`, async () => {
    const { acknowledged, stored, rows, ...report } = await soak({
      kills: KILLS,
      sink,
      random: seeded(seed),
    });
    assertEquals(report, { kills: KILLS, lost: 0, doubled: 0, outOfOrder: 0 });
    assertEquals(rows, stored);
    assert(acknowledged > 100, `${acknowledged} acknowledged`);
  });
}
