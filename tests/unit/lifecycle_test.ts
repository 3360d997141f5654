import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { systemClock } from "../../rooms/clock.ts";
import { Lifecycle, type Part } from "../../rooms/lifecycle.ts";
import { SwiftClock } from "../fakes/clock.ts";

function openLifecycle(): { lifecycle: Lifecycle<string>; failures: string[] } {
  const failures: string[] = [];
  return {
    lifecycle: new Lifecycle({ clock: systemClock, failed: (what) => failures.push(what) }),
    failures,
  };
}

/** A part that notes in `events` what it is asked. */
function noting(name: string, events: string[]): Part<string> {
  return {
    name,
    start: () => void events.push(`start ${name}`),
    receive: (post) => void events.push(`${post} to ${name}`),
    quiesce: () => void events.push(`quiesce ${name}`),
    drain: () => void events.push(`drain ${name}`),
    close: () => void events.push(`close ${name}`),
  };
}

Deno.test("Lifecycle starts parts in order, and stops them phase by phase from the last to the first", async () => {
  const { lifecycle } = openLifecycle();
  const events: string[] = [];
  for (const name of ["kv", "rooms"]) lifecycle.add(noting(name, events));
  await lifecycle.start();
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  assertEquals(events, [
    "start kv",
    "start rooms",
    "quiesce kv",
    "quiesce rooms",
    "drain rooms",
    "drain kv",
    "close rooms",
    "close kv",
  ]);
});

Deno.test("Lifecycle brings a post to all parts, though one of them throws, and says which", async () => {
  const { lifecycle, failures } = openLifecycle();
  const events: string[] = [];
  const thrower = {
    name: "thrower",
    receive() {
      throw new Error("no");
    },
    close() {
      throw new Error("no");
    },
  };
  lifecycle.add(noting("kv", events));
  lifecycle.add(thrower);
  lifecycle.add(noting("rooms", events));
  lifecycle.receive("post");
  await lifecycle.stop();
  assertEquals(events.slice(0, 2), ["post to kv", "post to rooms"]);
  assertEquals(events.slice(-2), ["close rooms", "close kv"]);
  assertEquals(failures, ["thrower_post_failed", "thrower_close_failed"]);
});

Deno.test("Lifecycle closes nothing while a tick is under way", async () => {
  using time = new FakeTime();
  const { lifecycle } = openLifecycle();
  const events: string[] = [];
  const ticking = Promise.withResolvers<void>();
  lifecycle.add({
    name: "kv",
    tick: () => ticking.promise.then(() => void events.push("ticked")),
    close: () => void events.push("closed"),
  });
  await lifecycle.start();
  time.tick(2_000);
  const stopped = lifecycle.stop();
  ticking.resolve();
  await stopped;
  assertEquals(events, ["ticked", "closed"]);
});

Deno.test("Lifecycle closes every part within 5 s, though one never ends", async () => {
  const clock = new SwiftClock();
  const lifecycle = new Lifecycle<string>({ clock, failed() {} });
  const events: string[] = [];
  lifecycle.add(noting("kv", events));
  const never = (): Promise<void> => new Promise(() => {});
  lifecycle.add({ name: "endless", quiesce: never, drain: never, close: never });
  await lifecycle.stop();
  assertEquals(events, ["quiesce kv", "drain kv", "close kv"]);
  assert(clock.elapsed() < 5_000, `${clock.elapsed()} ms`);
});

Deno.test("Lifecycle lets a part finish what it does at its deadline before anything is closed", async () => {
  const lifecycle = new Lifecycle<string>({ clock: new SwiftClock(), failed() {} });
  const events: string[] = [];
  lifecycle.add(noting("kv", events));
  const finish = async (deadline: Promise<void>): Promise<void> => {
    await deadline;
    for (let step = 0; step < 20; step++) await Promise.resolve();
    events.push("finished");
  };
  lifecycle.add({ name: "slow", quiesce: finish, drain: finish });
  await lifecycle.stop();
  assertEquals(events, ["quiesce kv", "finished", "finished", "drain kv", "close kv"]);
});
