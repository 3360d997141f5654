import { assertEquals } from "@std/assert";
import { ratesOf } from "../../static/admin/rates.js";

Deno.test("ratesOf() tells how much was added a minute, and nothing where counting began anew", () => {
  const at = (seconds: number, count: number | null) => ({
    timestamp: new Date(seconds * 1_000).toISOString(),
    count,
  });
  assertEquals(ratesOf([]), []);
  const points = [at(0, 100), at(5, 110), at(15, 110), at(20, 0), at(25, 5), at(30, null), at(35, 7)];
  assertEquals(ratesOf(points), [null, 120, 0, null, 60, null, null]);
});
