import { assertEquals, assertThrows } from "@std/assert";
import { JoinLeaveSummary } from "../../static/room/messages/join_leave_summary.js";
import { Words } from "../../static/shared/words.js";

const words = new Words({
  "new": "{count} new messages",
  "new.one": "One new message",
  "list_separator": "、",
  "notice_separator": " ",
  "and_more": "{names}等 {count} 人",
  "joined": "{names}加入",
  "left": "{names}離開",
  "renamed": "{from} 改名為 {to}",
}, "en");

Deno.test("Words.say() fills the places and knows one from many", () => {
  assertEquals([1, 2].map((count) => words.say("new", { count })), ["One new message", "2 new messages"]);
});

Deno.test("Words.say() never reads what it fills in as a place or a pattern", () => {
  assertEquals(words.say("joined", { names: "{count} $& $1" }), "{count} $& $1 加入");
});

Deno.test("Words.say() refuses a key that the language lacks", () => {
  assertThrows(() => words.say("nothing"), RangeError, `Cannot say "nothing"`);
});

Deno.test("JoinLeaveSummary says in one line who came and went", () => {
  const summary = new JoinLeaveSummary();
  for (const user of ["小安", "小柏", "小陳", "小丁"]) summary.note({ person: user, user, isHere: true });
  summary.note({ person: "p", user: "阿哲", isHere: false });
  assertEquals(summary.sentence(words), "小安、小柏、小陳等 4 人加入 阿哲離開");
});

Deno.test("JoinLeaveSummary leaves out people who came and went again", () => {
  const summary = new JoinLeaveSummary();
  summary.note({ person: "p", user: "小安", isHere: true });
  summary.note({ person: "p", user: "小安", isHere: false });
  assertEquals(summary.sentence(words), "");
});

Deno.test("JoinLeaveSummary knows people by their ids, whatever their names", () => {
  const summary = new JoinLeaveSummary();
  summary.note({ person: "1", user: "小安", isHere: true });
  summary.note({ person: "2", user: "小安", isHere: false });
  summary.noteRenaming({ person: "3", from: "Bo", to: "Bob" });
  summary.noteRenaming({ person: "3", from: "Bob", to: "Robert" });
  summary.noteRenaming({ person: "4", from: "Cy", to: "Ty" });
  summary.noteRenaming({ person: "4", from: "Ty", to: "Cy" });
  summary.noteRenaming({ person: "1", from: "小安", to: "安安" });
  assertEquals(summary.sentence(words), "安安加入 小安離開 Bo 改名為 Robert");
});
