import { assert, assertEquals } from "@std/assert";
import { SignInThrottle } from "../../rooms/access/sign_in_throttle.ts";

Deno.test("SignInThrottle makes each failure with one name from one address wait twice as long, up to five minutes", () => {
  let now = 0;
  const attempts = new SignInThrottle(() => now);
  const waits = Array.from({ length: 20 }, () => {
    const waitMs = attempts.begin("ada", "one");
    now += waitMs;
    if (waitMs) assertEquals(attempts.begin("ada", "one"), 0);
    return waitMs;
  });
  assertEquals(waits.slice(0, 10), [0, 0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
  assertEquals(waits.at(-1), 300_000);
});

Deno.test("SignInThrottle lets a class behind one address in, whatever one of it does", () => {
  const attempts = new SignInThrottle(() => 0);
  for (let i = 0; i < 100; i++) attempts.begin("pupil", "school");
  for (let i = 0; i < 40; i++) {
    assertEquals(attempts.begin(`pupil-${i}`, "school"), 0);
    assertEquals(attempts.begin(`pupil-${i}`, "school"), 0);
    attempts.succeed(`pupil-${i}`, "school");
  }
  assertEquals(attempts.begin("teacher", "school"), 0);
});

Deno.test("SignInThrottle slows a name down that is tried from many addresses, but not a browser that is known for it", () => {
  const attempts = new SignInThrottle(() => 0);
  const waits = Array.from({ length: 60 }, (_, i) => attempts.begin("ada", `address-${i}`));
  assert(waits.slice(0, 51).every((waitMs) => waitMs === 0) && waits.slice(51).every((waitMs) => waitMs > 0));
  assertEquals(attempts.begin("ada", "address-1", "her laptop"), 0);
  for (let i = 0; i < 5; i++) attempts.begin("ada", `elsewhere-${i}`, "her laptop");
  assert(attempts.begin("ada", "home", "her laptop") > 0);
});

Deno.test("SignInThrottle slows an address down that tries many names, but not a browser that is known for one", () => {
  const attempts = new SignInThrottle(() => 0);
  const waits = Array.from({ length: 230 }, (_, i) => attempts.begin(`name-${i}`, "one"));
  assert(waits.slice(0, 201).every((waitMs) => waitMs === 0));
  assert(waits.slice(201).every((waitMs) => waitMs > 0));
  assertEquals(attempts.begin("ada", "another"), 0);
  assertEquals(attempts.begin("ada", "one", "her laptop"), 0);
});

Deno.test("SignInThrottle counts attempts that are under way, so that many at once are no better", () => {
  const attempts = new SignInThrottle(() => 0);
  const begun = Array.from({ length: 100 }, () => attempts.begin("ada", "one"));
  assertEquals(begun.filter((waitMs) => waitMs === 0).length, 6);
});

Deno.test("SignInThrottle forgets a name's failures when it succeeds, but forgives an address only this one", () => {
  const attempts = new SignInThrottle(() => 0);
  for (let i = 0; i < 4; i++) attempts.begin("ada", "one");
  attempts.succeed("ada", "one");
  for (let i = 0; i < 6; i++) assertEquals(attempts.begin("ada", "one"), 0);
  for (let i = 0; i < 192; i++) assertEquals(attempts.begin(`name-${i}`, "one"), 0);
  assert(attempts.begin("cy", "one") > 0);
});

Deno.test("SignInThrottle keeps a bounded number of names", () => {
  const attempts = new SignInThrottle(() => 0);
  for (let i = 0; i < 6; i++) attempts.begin("ada", "one");
  assert(attempts.begin("ada", "one") > 0);
  for (let i = 0; i < 10_000; i++) attempts.begin(`name-${i}`, `c${i}`);
  assertEquals(attempts.begin("ada", "one"), 0);
});
