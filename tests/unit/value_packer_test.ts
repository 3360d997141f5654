import { assertEquals } from "@std/assert";
import { MAX_VALUE_BYTES, Packer, unpack } from "../../rooms/kv/value_packer.ts";

Deno.test("Packer gives back what it packed", () => {
  const packer = new Packer();
  for (const text of ["a", "聊天室", "😀"]) packer.add(text);
  assertEquals(unpack(packer.take()), ["a", "聊天室", "😀"]);
  assertEquals(packer.size, 0);
});

Deno.test("Packer.add() counts bytes, not characters, and changes nothing when a text doesn't fit", () => {
  const packer = new Packer();
  let count = 0;
  while (packer.add("字".repeat(1000))) count++;
  assertEquals(count, Math.floor(MAX_VALUE_BYTES / 3001));
  const texts = unpack(packer.take());
  assertEquals(texts.length, count);
  assertEquals(texts.every((text) => text === "字".repeat(1000)), true);
});

Deno.test("Packer.load() goes on with a value packed before", () => {
  const packer = new Packer();
  packer.add("a");
  const value = packer.take();
  packer.load(value);
  packer.add("b");
  assertEquals(unpack(packer.take()), ["a", "b"]);
});
