/** What has to hold of dashboards when several isolates or machines serve. */
import { assertEquals } from "@std/assert";
import { openDashboard, statsWith } from "../support/dashboard.ts";
import { member, PASSWORD } from "../support/cast.ts";
import { Client, type Frame } from "../support/client.ts";
import { engineTest, startDenokv, startRedis } from "../support/servers.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { startProcess } from "../support/process.ts";
import { temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const figures = ({ online_users, rooms, connections, messages_today, isolates }: Frame["data"]): number[] => [
  online_users,
  rooms,
  connections,
  messages_today,
  isolates.length,
];
const are = (wanted: number[]) => (stats: Frame["data"]) => figures(stats).join() === wanted.join();

/** Posts an event somewhere. */
async function post(origin: string, event: { type: string }): Promise<void> {
  const shop = new Visitor(origin, { authorization: `Bearer ${TOKEN}` });
  assertEquals((await shop.ask("POST", "/api/events", event)).status, 201);
}

for (const engine of ["BroadcastChannel", "KV"] as const) {
  engineTest(
    `Dashboard over ${engine} shows the same totals everywhere, each person and room once, and every event`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, 3);
      const [{ url: one }, { url: two }, { url: three }] = ensemble.services;
      const root = await member(one, "root", "admin");
      await using _ada = await Client.enter(one, "lobby", "?username=ada");
      await using again = await Client.enter(two, "lobby", "?username=ada");
      await using bo = await Client.enter(two, "lobby", "?username=bo");
      await using cy = await Client.enter(three, "team", "?username=cy");
      for (const client of [again, bo, cy]) await client.say("hi");
      for (const { url } of ensemble.services) await statsWith(url, root, are([3, 2, 4, 3, 3]));
      await using dashboard = openDashboard(three, root);
      await dashboard.next("initial_stats");
      for (const [i, { url }] of ensemble.services.entries()) await post(url, { type: `from_${i}` });
      for (const i of [0, 1, 2]) await dashboard.next(`from_${i}`);
      // The rooms and their members are those of all.
      const { rooms } = (await root.ask("GET", "/api/admin/rooms")).body;
      assertEquals(rooms.map(({ room, people }: Frame) => [room, people]), [["lobby", 2], [
        "team",
        1,
      ]]);
      const { members } = (await root.ask("GET", "/api/admin/rooms/lobby/members")).body;
      assertEquals(members.map(({ name }: Frame) => name), ["ada", "bo"]);
      await root.ask("DELETE", `/api/admin/rooms/lobby/members/${encodeURIComponent(members[1].id)}`);
      assertEquals((await bo.closed).code, 4003);
    },
  );
}

engineTest(
  "Dashboard of three processes through Redis is right again soon after one is killed",
  ["denokv", "redis-server"],
  async () => {
    await using directory = await temporaryDirectory();
    await using kv = await startDenokv(directory.path);
    await using redis = await startRedis();
    const env = {
      KV_PATH: kv.url,
      DENO_KV_ACCESS_TOKEN: String(Deno.env.get("DENO_KV_ACCESS_TOKEN")),
      REDIS_URL: redis.url,
      LOG_CSV_PATH: `${directory.path}/log.csv`,
      SERVICE_TOKEN: TOKEN,
      ADMIN_USERNAME: "root",
      ADMIN_PASSWORD: PASSWORD,
    };
    await using one = await startProcess(env);
    await using two = await startProcess(env);
    await using three = await startProcess(env);
    const root = await Visitor.signedIn(one.url, "root", PASSWORD);
    await using _ada = await Client.enter(one.url, "lobby", "?username=ada");
    await using again = await Client.enter(two.url, "lobby", "?username=ada");
    await using bo = await Client.enter(two.url, "team", "?username=bo");
    await using cy = await Client.enter(three.url, "lobby", "?username=cy");
    for (const client of [again, bo, cy]) await client.say("hi");
    for (const { url } of [one, two, three]) await statsWith(url, root, are([3, 2, 4, 3, 3]));
    await two.kill();
    for (const { url } of [one, three]) await statsWith(url, root, are([2, 1, 2, 3, 2]));
    await using _bo = await Client.enter(three.url, "team", "?username=bo");
    await cy.say("still here");
    for (const { url } of [one, three]) await statsWith(url, root, are([3, 2, 3, 4, 2]));
    const rows = ({ log_rows_today, log_pending }: Frame["data"]) => log_rows_today === 4 && !log_pending;
    const { memory_mb, isolates } = await statsWith(one.url, root, rows);
    // What stands in the tile is the sum of what stands in the table, once for each process.
    const processes = new Map<string, number>(
      isolates.map(({ name, memory_mb }: Frame) => [name.split("-")[0], memory_mb]),
    );
    const sum = processes.values().reduce((a, b) => a + b);
    assertEquals(Math.abs(memory_mb - sum) < memory_mb / 5, true);
    await Promise.all([one, three].map((service) => service.end("SIGTERM")));
  },
);
