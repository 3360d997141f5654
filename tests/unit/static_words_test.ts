import { assertEquals, assertThrows } from "@std/assert";
import { Gathering } from "../../static/gathering.js";
import { Words } from "../../static/words.js";

const words = new Words({
  "new": "{count} new messages",
  "new.one": "One new message",
  "list_separator": "、",
  "notice_separator": " ",
  "and_more": "{names}等 {count} 人",
  "joined": "{names}加入",
  "left": "{names}離開",
}, "en");

Deno.test("Words.say() fills the places and knows one from many", () => {
  assertEquals([1, 2].map((count) => words.say("new", { count })), ["One new message", "2 new messages"]);
});

Deno.test("Words.say() never reads what it fills in as a place or a pattern", () => {
  assertEquals(words.say("joined", { names: "{count} $& $1" }), "{count} $& $1加入");
});

Deno.test("Words.say() refuses a key that the language lacks", () => {
  assertThrows(() => words.say("nothing"), RangeError, `Cannot say "nothing"`);
});

Deno.test("Gathering makes one line of a busy door", () => {
  const gathering = new Gathering();
  for (const user of ["小安", "小柏", "小陳", "小丁"]) gathering.note({ user, isHere: true });
  gathering.note({ user: "阿哲", isHere: false });
  assertEquals(gathering.sentence(words), "小安、小柏、小陳等 4 人加入 阿哲離開");
});

Deno.test("Gathering forgets whoever came and went again", () => {
  const gathering = new Gathering();
  gathering.note({ user: "小安", isHere: true });
  gathering.note({ user: "小安", isHere: false });
  assertEquals(gathering.sentence(words), "");
});
