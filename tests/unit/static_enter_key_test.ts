import { assertEquals } from "@std/assert";
import { Composition } from "../../static/room/composer/enter_key.js";

const ENTER = {
  key: "Enter",
  code: "Enter",
  shiftKey: false,
  altKey: false,
  isComposing: false,
  keyCode: 13,
  repeat: false,
  timeStamp: 1_000,
};

Deno.test("Composition lets an ordinary Enter send", () => {
  assertEquals(new Composition().meaningOf(ENTER), "send");
});

Deno.test("Composition leaves other keys and Shift+Enter to the field", () => {
  assertEquals(new Composition().meaningOf({ ...ENTER, key: "a" }), "leave");
  assertEquals(new Composition().meaningOf({ ...ENTER, shiftKey: true }), "leave");
});

Deno.test("Composition never sends while a word is being composed", () => {
  const composition = new Composition();
  composition.start();
  assertEquals(composition.meaningOf({ ...ENTER, isComposing: true }), "leave");
  assertEquals(composition.meaningOf({ ...ENTER, keyCode: 229 }), "leave");
});

for (const key of ["Enter", "Process"]) {
  Deno.test(`Composition sends a Korean word by the Enter that ends it, told as ${key} first`, () => {
    const composition = new Composition();
    composition.start();
    assertEquals(composition.meaningOf({ ...ENTER, key, keyCode: 229, isComposing: true }), "leave");
    composition.end(998);
    assertEquals(composition.meaningOf(ENTER), "send");
  });
}

Deno.test("Composition picks with Safari's Enter again after one that a former composition had", () => {
  const composition = new Composition();
  composition.start();
  composition.meaningOf({ ...ENTER, keyCode: 229, isComposing: true });
  composition.end(500);
  composition.start();
  composition.end(990);
  assertEquals(composition.meaningOf(ENTER), "leave");
});

Deno.test("Composition hears the next Enter when a click ended the word and nothing said so", () => {
  const composition = new Composition();
  composition.start();
  assertEquals(composition.meaningOf(ENTER), "send");
});

Deno.test("Composition takes the Enter right after its end for its own, as in Safari", () => {
  const composition = new Composition();
  composition.start();
  composition.end(990);
  assertEquals(composition.meaningOf(ENTER), "leave");
  assertEquals(composition.meaningOf({ ...ENTER, timeStamp: 1_200 }), "send");
});

Deno.test("Composition swallows an Enter that is held down", () => {
  assertEquals(new Composition().meaningOf({ ...ENTER, repeat: true }), "swallow");
});
