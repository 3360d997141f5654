import { assert, assertEquals } from "@std/assert";
import { hueOf, HUES } from "../../static/shared/person.js";
import { PersonColors } from "../../static/shared/person_colors.js";
import { memoryStorage } from "../../static/shared/storage.js";

const people = (count: number, prefix = "person"): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i}`);

Deno.test("PersonColors give two people of a room different colours as long as there are colours", () => {
  const colors = new PersonColors(memoryStorage(), "lobby");
  const hues = people(HUES).map((person) => colors.hueOf(person));
  assertEquals(new Set(hues).size, HUES);
  assert(hues.every((hue) => hue >= 0 && hue < 360));
});

Deno.test("PersonColors give somebody the colour of their name where nobody else has it", () => {
  assertEquals(new PersonColors(memoryStorage(), "lobby").hueOf("小安"), hueOf("小安"));
});

Deno.test("PersonColors leave everybody their colour, over reloads and whoever else comes", () => {
  const storage = memoryStorage();
  const before = new PersonColors(storage, "lobby");
  const hues = people(HUES).map((person) => before.hueOf(person));
  people(HUES, "later").forEach((person) => before.hueOf(person));
  const after = new PersonColors(storage, "lobby");
  assertEquals(people(HUES).toReversed().map((person) => after.hueOf(person)), hues.toReversed());
});

Deno.test("PersonColors look to the last people who were shown, not to all that ever were", () => {
  const colors = new PersonColors(memoryStorage(), "lobby");
  people(40, "gone").forEach((person) => colors.hueOf(person));
  const hues = people(HUES).map((person) => colors.hueOf(person));
  assertEquals(new Set(hues).size, HUES);
});

Deno.test("PersonColors keep two rooms apart, and don't mind what else stands in the storage", () => {
  const storage = memoryStorage();
  for (const [i, odd] of ["{", "null", "{}", "3", '[["ada", "red"], 5, ["bo"], [7, 24]]'].entries()) {
    storage.setItem(`talksheet:colors:room${i}`, odd);
    assertEquals(new PersonColors(storage, `room${i}`).hueOf("ada"), hueOf("ada"));
  }
  assert(storage.length <= 10);
});
