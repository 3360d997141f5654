import { assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { retryWhenLocked } from "../../rooms/kv/retry_when_locked.ts";

/** A database that another isolate holds for so long. */
function lockedFor(ms: number, time: FakeTime): Deno.Kv {
  const until = time.now + ms;
  const set = () =>
    time.now < until
      ? Promise.reject(new TypeError("database is locked"))
      : Promise.resolve({ ok: true, versionstamp: "" });
  return { set } as unknown as Deno.Kv;
}

Deno.test("A write goes on waiting for two seconds while another isolate that writes waits for the processor", async () => {
  using time = new FakeTime();
  const written = retryWhenLocked(lockedFor(2_000, time)).set(["a"], 1);
  for (let ms = 0; ms < 2_500; ms += 50) await time.tickAsync(50);
  assertEquals((await written).ok, true);
});

Deno.test("A write fails when the database stays locked, and at once for any other reason", async () => {
  using time = new FakeTime();
  const failing = assertRejects(
    () => retryWhenLocked(lockedFor(Infinity, time)).set(["a"], 1),
    TypeError,
    "database is locked",
  );
  for (let ms = 0; ms < 10_000; ms += 100) await time.tickAsync(100);
  await failing;
  const broken = { set: () => Promise.reject(new TypeError("disk full")) } as unknown as Deno.Kv;
  await assertRejects(() => retryWhenLocked(broken).set(["a"], 1), TypeError, "disk full");
});
