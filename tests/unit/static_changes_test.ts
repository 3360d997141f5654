/** What pages make of edits, reactions and replies, without a page. */
import { assertEquals } from "@std/assert";
import { reactionsIn, withChanges } from "../../static/room/changes/change.js";
import { actionsFor } from "../../static/room/actions/message_actions.js";
import { candidatesFor } from "../../static/room/composer/mention_list.js";
import { piecesOf } from "../../static/room/text/formatting.js";
import { excerpt, marked } from "../../static/room/search/highlight.js";
import { dayStartId, timeOfId } from "../../static/shared/dates.js";
import { Words } from "../../static/shared/words.js";

const CONTENT = { text: "one", edited: 0, isDeleted: false, reactions: [] };

function unsent(change: object, failure?: string): never {
  return { clientId: "c", username: "ada", text: "", writtenAt: 5, change, failure } as never;
}

Deno.test("withChanges() shows what was sent in its order, and nothing of what was refused", () => {
  const thumb = { type: "react", id: "1", emoji: "👍", on: true };
  const shown = withChanges(CONTENT, [
    unsent({ type: "edit_message", id: "1", message: "two" }),
    unsent({ type: "edit_message", id: "1", message: "refused" }, "too_late"),
    unsent(thumb),
    unsent(thumb),
  ], "you");
  assertEquals([shown.text, shown.edited], ["two", 5]);
  assertEquals(shown.reactions, [{ emoji: "👍", count: 1, users: ["you"], mine: true }]);
  const back = withChanges(shown, [unsent({ ...thumb, on: false })], "you");
  assertEquals(back.reactions, []);
  const gone = withChanges(shown, [unsent({ type: "delete_message", id: "1" })], "you");
  assertEquals([gone.text, gone.isDeleted, gone.reactions], ["", true, []]);
});

Deno.test("reactionsIn() keeps whose reactions are the reader's, whoever else reacts", () => {
  const of = (count: number) => [{ emoji: "👍", count, users: [] }];
  const reader = { person: "me", isForReader: false };
  const mine = reactionsIn([], { reactions: of(1), person: "me", emoji: "👍", on: true }, reader);
  assertEquals(mine[0].mine, true);
  const others = reactionsIn(mine, { reactions: of(2), person: "bo", emoji: "👍", on: true }, reader);
  assertEquals([others[0].count, others[0].mine], [2, true]);
  const back = reactionsIn(others, { reactions: of(1), person: "me", emoji: "👍", on: false }, reader);
  assertEquals(back[0].mine, undefined);
  const told = reactionsIn(others, { reactions: of(1), person: "me" }, { ...reader, isForReader: true });
  assertEquals(told[0].mine, undefined, "a history knows better");
});

Deno.test("actionsFor() offers what the server would take", () => {
  const item = { id: "1", isOwn: true, isDeleted: false, at: 0 } as never;
  const rights = { mayWrite: true, mayChange: false, editMinutes: 1, isPinned: false, now: 60_000 };
  const own = ["reply", "edit", "copy_text", "copy_message_link", "delete"];
  assertEquals(actionsFor(item, rights), own);
  const late = ["reply", "copy_text", "copy_message_link"];
  assertEquals(actionsFor(item, { ...rights, now: 60_001 }), late);
  assertEquals(actionsFor(item, { ...rights, mayChange: true, isPinned: true, now: 60_001 }), [
    ...late,
    "unpin",
    "delete",
  ]);
  assertEquals(actionsFor(item, { ...rights, mayWrite: false }), ["copy_text", "copy_message_link"]);
  assertEquals(actionsFor({ isOwn: true, at: 0 } as never, rights), [], "not sent yet");
  assertEquals(actionsFor({ id: "1", isDeleted: true } as never, rights), []);
});

Deno.test("candidatesFor() offers accounts before guests, and beginnings before middles, in any width", () => {
  const people = [
    { username: "guest ada" },
    { username: "Ada" },
    { username: "bada", account: true },
    { username: "adam", account: true },
  ];
  const names = (written: string) => candidatesFor(written, people).map(({ username }) => username);
  assertEquals(names("ADA"), ["adam", "bada", "Ada", "guest ada"]);
  assertEquals(names("ＡＤＡＭ"), ["adam"]);
  assertEquals(names("x"), []);
});

Deno.test("piecesOf() finds code and addresses, and leaves single backticks and open fences as they are", () => {
  const kinds = (text: string) => piecesOf(text).map(({ kind, text }) => `${kind}:${text}`);
  assertEquals(kinds("a `b` c"), ["text:a ", "code:b", "text: c"]);
  assertEquals(kinds("```b```"), ["code:b"]);
  assertEquals(kinds("a\n```js\nx\n```\nb"), ["text:a", "block:x", "text:b"]);
  assertEquals(kinds("```\nnever closed"), ["text:```\nnever closed"]);
  assertEquals(kinds("` alone"), ["text:` alone"]);
  assertEquals(kinds("`https://a.example` https://b.example"), [
    "code:https://a.example",
    "text: ",
    "link:https://b.example",
  ]);
  const hostile = "```x\n".repeat(800) + "`".repeat(4_000);
  assertEquals(kinds(hostile).length, 1);
});

Deno.test("Words.say() sets a space between Chinese and Latin, and isolates what is read from right to left", () => {
  const words = new Words({ joined: "{names}加入", of: "第{count}則" }, "zh-Hant");
  assertEquals(words.say("joined", { names: "Bo" }), "Bo 加入");
  assertEquals(words.say("joined", { names: "小安" }), "小安加入");
  assertEquals(words.say("of", { count: 3 }), "第 3 則");
  assertEquals(words.say("joined", { names: "דנה" }), "\u2068דנה\u2069加入");
});

Deno.test("marked() marks words of any case and width, and leaves the text as it is", () => {
  const shown = (text: string, ...words: string[]) =>
    marked(text, words).map(({ text, isHit }) => isHit ? `[${text}]` : text).join("");
  assertEquals(shown("ＡＢＣ 停課 abc", "abc", "停"), "[ＡＢＣ] [停]課 [abc]");
  assertEquals(shown("ﬁne", "fi"), "[ﬁ]ne");
  assertEquals(shown("nothing", "x"), "nothing");
  const [first] = excerpt(`${"字".repeat(100)}hit`, ["hit"]);
  assertEquals([...first.text].length, 21);
});

Deno.test("dayStartId() sorts between what was said before a day and on it", () => {
  const start = new Date("2026-11-26T00:00").getTime();
  const id = dayStartId("2026-11-26");
  assertEquals([id.length, timeOfId(id)], [26, start]);
});
