import { assertEquals, assertRejects } from "@std/assert";
import { Turns } from "../../rooms/turns.ts";

Deno.test("Turns.take() does one piece of work at a time, in order, and goes on after one that failed", async () => {
  const turns = new Turns();
  const events: string[] = [];
  const first = Promise.withResolvers<void>();
  const work = (name: string, waits: Promise<void>) => async () => {
    events.push(`${name} begins`);
    await waits;
    events.push(`${name} ends`);
    return name;
  };
  const one = turns.take(work("one", first.promise));
  const two = turns.take(() => Promise.reject(new Error("two failed")));
  const three = turns.take(work("three", Promise.resolve()));
  first.resolve();
  await assertRejects(() => two, Error, "two failed");
  assertEquals([await one, await three], ["one", "three"]);
  assertEquals(events, ["one begins", "one ends", "three begins", "three ends"]);
});

Deno.test("Turns.take() drops at once what is given up while it waits, and lets nobody overtake", async () => {
  const turns = new Turns();
  const running = Promise.withResolvers<string>();
  const one = turns.take(() => running.promise);
  const giveUp = new AbortController();
  let isDone = false;
  const two = turns.take(() => Promise.resolve(isDone = true), giveUp.signal);
  let isThreeDone = false;
  const three = turns.take(() => Promise.resolve(isThreeDone = true));
  giveUp.abort(new Error("nobody waits"));
  await assertRejects(() => two, Error, "nobody waits");
  assertEquals([isDone, isThreeDone], [false, false]);
  running.resolve("one");
  assertEquals([await one, await three, isDone], ["one", true, false]);
});
