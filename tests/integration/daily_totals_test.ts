import { assertEquals } from "@std/assert";
import { DailyTotals } from "../../rooms/stats/daily_totals.ts";
import { EventFeed } from "../../rooms/stats/event_feed.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { committer } from "../support/delivery.ts";
import { Bus } from "../fakes/bus.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

Deno.test("DailyTotals counts what was said and written on each day of its time zone, also by others and after a restart", async () => {
  using kv = await Deno.openKv(":memory:");
  const outbox = new Outbox(kv);
  const say = committer(kv, outbox);
  let now = Date.parse("2026-03-01T15:59:00Z");
  const dailyTotals = () => new DailyTotals({ kv, outbox, now: () => now, timeZone: "Asia/Taipei" });
  const settle = async (dailyTotals: DailyTotals): Promise<void> => {
    const [batch] = await Array.fromAsync(outbox.after("", 1));
    const commit = kv.atomic();
    outbox.remove(commit, [batch]);
    dailyTotals.addRows(commit, batch.bodies.length);
    await commit.commit();
  };
  await say("lobby", "before there was a tally");
  const first = dailyTotals();
  await first.beginDay();
  await say("lobby", "one", "two");
  await settle(first);
  assertEquals(await first.today(), { messages: 2, rows: 1 });
  assertEquals(await dailyTotals().today(), { messages: 2, rows: 1 });
  // It is past midnight in Taipei, and two messages still wait.
  now += 2 * 60_000;
  const [here, there] = [dailyTotals(), dailyTotals()];
  await Promise.all([first.beginDay(), here.beginDay(), there.beginDay()]);
  await say("team", "three");
  await settle(there);
  for (const one of [first, here, there]) assertEquals(await one.today(), { messages: 1, rows: 2 });
});

Deno.test("EventFeed passes each event on once and in order to all dashboards, also when posts get lost, and keeps a day of them", async () => {
  using kv = await Deno.openKv(":memory:");
  const bus = new Bus();
  let now = Date.now();
  const feed = (): EventFeed => {
    const channel = bus.channel();
    const feed = new EventFeed({
      kv,
      channel,
      now: () => now,
      failed: (error) => {
        throw error;
      },
    });
    void channel.listen(feed);
    return feed;
  };
  const [here, there] = [feed(), feed()];
  await here.post({ type: "before" });
  const heard: string[][] = [[], []];
  const stop = await here.listen((text) => heard[0].push(JSON.parse(text).type));
  await there.listen((text) => heard[1].push(JSON.parse(text).type));
  bus.loses = () => true;
  await Promise.all([here.post({ type: "one" }), there.post({ type: "two" })]);
  await there.warn({ level: "warning", code: "c", message: "m" }, 60_000);
  await here.warn({ level: "warning", code: "c", message: "m" }, 60_000);
  await Promise.all([here.poll(), there.poll(), here.poll()]);
  const past = (await here.past(10)).map(({ text }) => JSON.parse(text).type);
  assertEquals(past.length, 4);
  assertEquals(heard, [past.toReversed().slice(1), past.toReversed().slice(1)]);
  stop();
  now += 60_000;
  await there.warn({ level: "warning", code: "c", message: "m" }, 60_000);
  assertEquals([heard[0].length, heard[1].length], [3, 4]);
  now += DAY_MS;
  assertEquals(await here.past(10), []);
  await here.trim();
  assertEquals((await Array.fromAsync(kv.list({ prefix: ["event"] }))).length, 0);
});

Deno.test("EventFeed keeps no more than 500 events, however many are posted", async () => {
  using kv = await Deno.openKv(":memory:");
  const feed = new EventFeed({ kv, channel: undefined, now: Date.now, failed() {} });
  for (let i = 0; i < 700; i++) await feed.post({ type: `e${i}` });
  const kept = await feed.past(1_000);
  assertEquals([kept.length, JSON.parse(kept[0].text).type], [500, "e699"]);
});
