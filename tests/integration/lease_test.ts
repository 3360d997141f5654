import { assertEquals, assertRejects } from "@std/assert";
import { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import { Lease, LEASE_MS, LeaseLostError } from "../../rooms/kv/lease.ts";
import type { Clock } from "../../rooms/clock.ts";

/** A clock that stands until it is set. */
function standing(): Clock & { at: number } {
  return {
    at: 0,
    now: () => 0,
    elapsed() {
      return this.at;
    },
    wait: () => Promise.resolve(),
  };
}

Deno.test("Lease.acquire() lets one hold it, until it is released", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = standing();
  const [one, two] = [new Lease(kv, "log", clock), new Lease(kv, "log", clock)];
  assertEquals([await one.acquire(), await two.acquire(), await one.acquire()], [true, false, true]);
  await one.release();
  assertEquals(await two.acquire(), true);
  await two.release();
});

Deno.test("Lease.acquire() takes over from a holder that has gone silent, and not before", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = standing();
  // As a killed process leaves it.
  await kv.set(["lease", "log"], "somebody who is dead");
  const lease = new Lease(kv, "log", clock);
  assertEquals(await lease.acquire(), false);
  clock.at = LEASE_MS - 1;
  assertEquals(await lease.acquire(), false);
  // A sign of life: the time begins anew.
  await kv.set(["lease", "log"], "somebody who is dead");
  assertEquals(await lease.acquire(), false);
  clock.at += LEASE_MS;
  assertEquals(await lease.acquire(), true);
  await lease.release();
});

Deno.test("IdempotentCommit.commit() refuses a holder whose place was taken while it was paused", async () => {
  using kv = await Deno.openKv(":memory:");
  const [paused, awake] = [standing(), standing()];
  const lost: string[] = [];
  const [one, two] = [
    new Lease(kv, "log", paused, (name) => lost.push(`${name} by one`)),
    new Lease(kv, "log", awake, (name) => lost.push(`${name} by two`)),
  ];
  await one.acquire();
  await two.acquire();
  awake.at = LEASE_MS;
  assertEquals(await two.acquire(), true);
  // It doesn't know yet, and so believes.
  assertEquals(one.isHeld, true);
  const [first, second] = [one, two].map((lease) => new IdempotentCommit({ kv, isRemote: false, lease }));
  await assertRejects(() => first.commit(kv.atomic().set(["x"], 1)), LeaseLostError);
  await second.commit(kv.atomic().set(["x"], 2));
  assertEquals((await kv.get(["x"])).value, 2);
  await two.release();
  await one.release();
  // Who gives it up hasn't lost it.
  assertEquals(lost, ["log by one"]);
});
