import { assert, assertEquals } from "@std/assert";
import { Attempts } from "../../rooms/accounts/attempts.ts";

Deno.test("Attempts makes each failure with one name wait twice as long, up to five minutes, from any address", () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  const waits = Array.from({ length: 20 }, (_, i) => {
    const waitMs = attempts.begin("ada", `address-${i}`);
    now += waitMs;
    if (waitMs) assertEquals(attempts.begin("ada", `address-${i}`), 0);
    return waitMs;
  });
  assertEquals(waits.slice(0, 10), [0, 0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
  assertEquals(waits.at(-1), 300_000);
});

Deno.test("Attempts slows an address down that tries many names", () => {
  const attempts = new Attempts(() => 0);
  const waits = Array.from({ length: 30 }, (_, i) => attempts.begin(`name-${i}`, "one"));
  assert(waits.slice(0, 21).every((waitMs) => waitMs === 0));
  assert(waits.slice(21).every((waitMs) => waitMs > 0));
  assertEquals(attempts.begin("ada", "another"), 0);
});

Deno.test("Attempts counts attempts that are under way, so that many at once are no better", () => {
  const attempts = new Attempts(() => 0);
  const begun = Array.from({ length: 100 }, (_, i) => attempts.begin("ada", `address-${i}`));
  assertEquals(begun.filter((waitMs) => waitMs === 0).length, 6);
});

Deno.test("Attempts forgets a name's failures when it succeeds, but forgives an address only this one", () => {
  const attempts = new Attempts(() => 0);
  for (let i = 0; i < 4; i++) attempts.begin("ada", "one");
  attempts.succeed("ada", "one");
  for (let i = 0; i < 6; i++) assertEquals(attempts.begin("ada", "two"), 0);
  for (let i = 0; i < 18; i++) assertEquals(attempts.begin(`name-${i}`, "one"), 0);
  assert(attempts.begin("cy", "one") > 0);
});

Deno.test("Attempts keeps a bounded number of names", () => {
  const attempts = new Attempts(() => 0);
  for (let i = 0; i < 6; i++) attempts.begin("ada", `a${i}`);
  assert(attempts.begin("ada", "b") > 0);
  for (let i = 0; i < 10_000; i++) attempts.begin(`name-${i}`, `c${i}`);
  assertEquals(attempts.begin("ada", "b"), 0);
});
