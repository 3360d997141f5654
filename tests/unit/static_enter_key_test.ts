import { assertEquals } from "@std/assert";
import { EnterKey } from "../../static/room/composer/enter_key.js";

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

Deno.test("EnterKey lets an ordinary Enter send", () => {
  assertEquals(new EnterKey().meaningOf(ENTER), "send");
});

Deno.test("EnterKey leaves other keys and Shift+Enter to the field", () => {
  assertEquals(new EnterKey().meaningOf({ ...ENTER, key: "a" }), "leave");
  assertEquals(new EnterKey().meaningOf({ ...ENTER, shiftKey: true }), "leave");
});

Deno.test("EnterKey never sends while a word is being composed", () => {
  const composition = new EnterKey();
  composition.start();
  assertEquals(composition.meaningOf({ ...ENTER, isComposing: true }), "leave");
  assertEquals(composition.meaningOf({ ...ENTER, keyCode: 229 }), "leave");
});

for (const key of ["Enter", "Process"]) {
  Deno.test(`EnterKey sends a Korean word by the Enter that ends it, told as ${key} first`, () => {
    const composition = new EnterKey();
    composition.start();
    assertEquals(composition.meaningOf({ ...ENTER, key, keyCode: 229, isComposing: true }), "leave");
    composition.end(998);
    assertEquals(composition.meaningOf(ENTER), "send");
  });
}

Deno.test("EnterKey picks with Safari's Enter again after one that a former composition had", () => {
  const composition = new EnterKey();
  composition.start();
  composition.meaningOf({ ...ENTER, keyCode: 229, isComposing: true });
  composition.end(500);
  composition.start();
  composition.end(990);
  assertEquals(composition.meaningOf(ENTER), "leave");
});

Deno.test("EnterKey hears the next Enter when a click ended the word and nothing said so", () => {
  const composition = new EnterKey();
  composition.start();
  assertEquals(composition.meaningOf(ENTER), "send");
});

Deno.test("EnterKey takes the Enter right after its end for its own, as in Safari", () => {
  const composition = new EnterKey();
  composition.start();
  composition.end(990);
  assertEquals(composition.meaningOf(ENTER), "leave");
  assertEquals(composition.meaningOf({ ...ENTER, timeStamp: 1_200 }), "send");
});

Deno.test("EnterKey swallows an Enter that is held down", () => {
  assertEquals(new EnterKey().meaningOf({ ...ENTER, repeat: true }), "swallow");
});
