import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import type { Post } from "../../rooms/cluster/channel.ts";
import { Counters } from "../../rooms/counters.ts";
import { HEARTBEAT_MS, Peers } from "../../rooms/cluster/peers.ts";
import { ClusterStats } from "../../rooms/stats/cluster_stats.ts";
import { AlertRules } from "../../rooms/stats/alert_rules.ts";
import { guest } from "../../rooms/user.ts";
import { Bus } from "../fakes/bus.ts";

type Place = Record<string, string[]>;

interface TestIsolate extends Pick<ClusterStats, "totals" | "isolates"> {
  readonly peers: Peers;
  close(): void;
}

function isolate(
  bus: Bus,
  place: Place,
  parts: { instance?: string; counters?: Counters } = {},
): TestIsolate {
  const channel = bus.channel();
  const peers = new Peers(channel);
  const rooms = () =>
    Object.entries(place).map(([name, users]) => ({
      name,
      connections: users.length,
      usersHere: users.map((user) => guest(user)),
    }));
  const stats = new ClusterStats({
    peers,
    rooms,
    counters: parts.counters ?? new Counters(),
    now: Date.now,
    instance: parts.instance ?? "one",
    isolate: 0,
  });
  peers.serve(rooms, { came() {}, renamed() {}, went() {}, typing() {} });
  void channel.listen(peers);
  peers.start();
  stats.open();
  return {
    peers,
    totals: () => stats.totals(),
    isolates: () => stats.isolates(),
    close() {
      stats.close();
      peers.close();
    },
  };
}

/** Time passes, and posts arrive. */
async function pass(time: FakeTime, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await time.tickAsync(HEARTBEAT_MS);
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
    assertEquals(overview.isolates()[0].id, overview.peers.id);
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
  bus.loses = (post: Post) => "from" in post && post.from === dies.peers.id;
  await pass(time, 4);
  assertEquals(stays.totals().people, 2);
  await pass(time);
  assertEquals([stays.totals().people, stays.isolates().length - 1], [1, 0]);
  [stays, dies].forEach((overview) => overview.close());
});

Deno.test("Peers know thousands of people by a snapshot in parts, and ask for it again when a part was lost", async () => {
  using time = new FakeTime();
  const bus = new Bus();
  const many = Array.from({ length: 3_000 }, (_, i) => `u${i}`);
  const here = isolate(bus, {});
  let lost = 0;
  bus.loses = (post: Post) =>
    post.type === "people" && post.changes.some((change) => change.kind === "here" && change.isFirst) &&
    lost++ < 1;
  const there = isolate(bus, { lobby: many });
  await pass(time, 4);
  assertEquals(lost > 1, true);
  assertEquals(here.totals().people, 3_000);
  [here, there].forEach((overview) => overview.close());
});

Deno.test("Peers bring a user who comes and goes elsewhere once, though posts are lost on the way", async () => {
  using time = new FakeTime();
  const bus = new Bus();
  const place: Place = { lobby: ["ada"] };
  const here = isolate(bus, {});
  const there = isolate(bus, place);
  const events: string[] = [];
  here.peers.serve(() => [], {
    came: (room, { name }) => events.push(`${name} to ${room}`),
    went: (room, { name }) => events.push(`${name} from ${room}`),
    renamed() {},
    typing() {},
  });
  await pass(time);
  bus.loses = ({ type }) => type === "people";
  place.lobby = ["bo"];
  there.peers.went("lobby", guest("ada"));
  there.peers.came("lobby", guest("bo"));
  await pass(time);
  bus.loses = () => false;
  await pass(time, 2);
  assertEquals(events, ["ada to lobby", "bo to lobby", "ada from lobby"]);
  there.close();
  await time.runMicrotasks();
  assertEquals(events.at(-1), "bo from lobby");
  here.close();
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
  assertEquals(here.totals().messagesPerSecond, 75 / (HEARTBEAT_MS / 1_000));
  await pass(time, 3);
  assertEquals(here.totals().messagesPerSecond, 0);
  [here, there].forEach((overview) => overview.close());
});

Deno.test("AlertRules tells of an outbox that grows while its oldest message is late, of a full one, and of a crowd that is too fast", () => {
  const calm = { pending: 10, oldestPendingSeconds: 5, outboxLimit: 1_000, rateLimited: 0 };
  const said = (...signs: Partial<typeof calm>[]): string[] => {
    const warnings = new AlertRules();
    return signs.flatMap((sign) => warnings.check({ ...calm, ...sign })).map(({ level, code }) =>
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
