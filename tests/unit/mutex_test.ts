import { assertEquals, assertRejects } from "@std/assert";
import { Mutex } from "../../rooms/mutex.ts";

Deno.test("Mutex.run() does one piece of work at a time, in order, and goes on after one that failed", async () => {
  const mutex = new Mutex();
  const events: string[] = [];
  const first = Promise.withResolvers<void>();
  const work = (name: string, waits: Promise<void>) => async () => {
    events.push(`${name} begins`);
    await waits;
    events.push(`${name} ends`);
    return name;
  };
  const one = mutex.run(work("one", first.promise));
  const two = mutex.run(() => Promise.reject(new Error("two failed")));
  const three = mutex.run(work("three", Promise.resolve()));
  first.resolve();
  await assertRejects(() => two, Error, "two failed");
  assertEquals([await one, await three], ["one", "three"]);
  assertEquals(events, ["one begins", "one ends", "three begins", "three ends"]);
});

Deno.test("Mutex.run() drops at once what is given up while it waits, and lets nobody overtake", async () => {
  const mutex = new Mutex();
  const running = Promise.withResolvers<string>();
  const one = mutex.run(() => running.promise);
  const giveUp = new AbortController();
  let isDone = false;
  const two = mutex.run(() => Promise.resolve(isDone = true), giveUp.signal);
  let isThreeDone = false;
  const three = mutex.run(() => Promise.resolve(isThreeDone = true));
  giveUp.abort(new Error("nobody waits"));
  await assertRejects(() => two, Error, "nobody waits");
  assertEquals([isDone, isThreeDone], [false, false]);
  running.resolve("one");
  assertEquals([await one, await three, isDone], ["one", true, false]);
});
