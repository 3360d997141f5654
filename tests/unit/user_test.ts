import { assertEquals } from "@std/assert";
import { cleanName } from "../../rooms/user.ts";

Deno.test("cleanName() makes names that look alike one, and takes out what would disguise them", () => {
  assertEquals(cleanName("  Ada \t Lovelace\n"), "Ada Lovelace");
  assertEquals(cleanName("cafe\u0301"), "caf\u00e9");
  assertEquals(cleanName("\u202eadA\u0000"), "adA");
  assertEquals(cleanName("\u200f \ufeff"), "");
  assertEquals(cleanName("x\uffff\ufdd0y"), "xy", "no file could hold it");
});

Deno.test("cleanName() refuses more than 64 characters, however many units these take", () => {
  assertEquals(cleanName("😀".repeat(64)), "😀".repeat(64));
  assertEquals(cleanName("x".repeat(65)), undefined);
});
