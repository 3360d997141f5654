import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import type { Post } from "../../rooms/cluster/channel.ts";
import { Counters } from "../../rooms/counters.ts";
import { DistinctSample, sampleKeyOf, samplePartsOf } from "../../rooms/stats/distinct_sample.ts";
import { ClusterStats, TELL_EVERY_MS } from "../../rooms/stats/cluster_stats.ts";
import { AlertRules } from "../../rooms/stats/alert_rules.ts";
import { guest } from "../../rooms/user.ts";
import { Bus } from "../fakes/bus.ts";

type Place = Record<string, string[]>;

function isolate(bus: Bus, place: Place, parts: { instance?: string; counters?: Counters } = {}) {
  const channel = bus.channel();
  const overview = new ClusterStats({
    channel,
    rooms: () =>
      Object.entries(place).map(([name, users]) => ({
        name,
        connections: users.length,
        presence: { usersHere: users.map((user) => guest(user)) },
      })),
    counters: parts.counters ?? new Counters(),
    now: Date.now,
    instance: parts.instance ?? "one",
    isolate: 0,
  });
  void channel.listen((post) => overview.receive(post), () => {});
  overview.open();
  return overview;
}

/** Time passes, and posts arrive. */
async function pass(time: FakeTime, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await time.tickAsync(TELL_EVERY_MS);
  await time.runMicrotasks();
}

Deno.test("ClusterStats counts a person and a room that are at several isolates once, and memory of a process once", async () => {
  using time = new FakeTime();
  const bus = new Bus();
  const all = [
    isolate(bus, { lobby: ["ada", "bo"], team: ["ada"] }),
    isolate(bus, { lobby: ["ada", "cy"], left: [] }),
    isolate(bus, {}, { instance: "two" }),
  ];
  await pass(time);
  for (const overview of all) {
    const { people, rooms, connections, rssBytes } = overview.totals();
    assertEquals([people, rooms, connections], [3, 2, 5]);
    assertEquals(Math.round(rssBytes / Deno.memoryUsage().rss), 2);
    assertEquals(overview.isolates().length, 3);
    assertEquals(overview.isolates()[0].id, overview.id);
  }
  all.forEach((overview) => overview.close());
});

Deno.test("ClusterStats forgets an isolate that says that it stops, and one that is silent", async () => {
  using time = new FakeTime();
  const bus = new Bus();
  const stays = isolate(bus, { lobby: ["ada"] });
  const stops = isolate(bus, { lobby: ["bo"] });
  const dies = isolate(bus, { lobby: ["cy"] });
  await pass(time);
  assertEquals(stays.totals().people, 3);
  stops.close();
  await time.runMicrotasks();
  assertEquals(stays.totals().people, 2);
  bus.loses = (post: Post) => "from" in post && post.from === dies.id;
  await pass(time, 3);
  assertEquals(stays.totals().people, 2);
  await pass(time);
  assertEquals([stays.totals().people, stays.others.length], [1, 0]);
  [stays, dies].forEach((overview) => overview.close());
});

Deno.test("ClusterStats knows thousands of people by rolls in parts, and none by a roll whose part was lost", async () => {
  using time = new FakeTime();
  const bus = new Bus();
  const many = Array.from({ length: 3_000 }, (_, i) => `u${i}`);
  const here = isolate(bus, {});
  let loses = false;
  bus.loses = (post: Post) => loses && post.type === "roll" && post.of === "people" && post.isFirst;
  const place: Place = { lobby: many };
  const there = isolate(bus, place);
  await pass(time, 8);
  assertEquals(here.totals().people, 3_000);
  loses = true;
  place.lobby = many.slice(0, 2_000);
  await pass(time, 4);
  assertEquals(here.totals().people, 3_000);
  loses = false;
  await pass(time, 4);
  assertEquals(here.totals().people, 2_000);
  [here, there].forEach((overview) => overview.close());
});

Deno.test("ClusterStats adds up how many messages a second there were at each", async () => {
  using time = new FakeTime();
  const bus = new Bus();
  const [one, two] = [new Counters(), new Counters()];
  const here = isolate(bus, {}, { counters: one });
  const there = isolate(bus, {}, { counters: two });
  for (let i = 0; i < 4; i++) {
    one.messages += 25;
    two.messages += 50;
    await pass(time);
  }
  assertEquals(here.totals().messagesPerSecond, 75 / (TELL_EVERY_MS / 1_000));
  await pass(time, 3);
  assertEquals(here.totals().messagesPerSecond, 0);
  [here, there].forEach((overview) => overview.close());
});

Deno.test("markOf() tells many ids from each other, and a roll in parts becomes one again", () => {
  const marks = Array.from({ length: 200_000 }, (_, i) => sampleKeyOf(`guest/${i % 7}:小安${i}`));
  assertEquals(new Set(marks).size, 200_000);
  const names = Array.from({ length: 2_500 }, (_, i) => `u${i}`);
  const roll = new DistinctSample();
  for (const part of samplePartsOf(names)) roll.take(part);
  assertEquals([...roll.marks()], names.map(sampleKeyOf));
  for (const part of samplePartsOf([])) roll.take(part);
  assertEquals([...roll.marks()], []);
});

Deno.test("AlertRules tells of an outbox that grows while its oldest message is late, of a full one, and of a crowd that is too fast", () => {
  const calm = { pending: 10, oldestPendingSeconds: 5, outboxLimit: 1_000, rateLimited: 0 };
  const said = (...signs: Partial<typeof calm>[]): string[] => {
    const warnings = new AlertRules();
    return signs.flatMap((sign) => warnings.look({ ...calm, ...sign })).map(({ level, code }) =>
      `${level} ${code}`
    );
  };
  assertEquals(said({}, { pending: 400 }), []);
  assertEquals(said({ pending: 9 }, { oldestPendingSeconds: 61 }), ["warning outbox_growing"]);
  assertEquals(said({ pending: 11 }, { oldestPendingSeconds: 61 }), []);
  assertEquals(said({ pending: 500 }), ["warning outbox_growing"]);
  assertEquals(said({ pending: 1_000 }), ["critical outbox_full"]);
  assertEquals(said({ rateLimited: 10 }, { rateLimited: 19 }), []);
  assertEquals(said({ rateLimited: 10 }, { rateLimited: 30 }), ["warning rate_limiting"]);
  const steady = Array.from({ length: 40 }, (_, i) => ({ rateLimited: i }));
  assertEquals(said(...steady), []);
});
