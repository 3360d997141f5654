import { assertEquals } from "@std/assert";
import { hasBlockedWord, wordsIn } from "../../rooms/access/moderation/blocked_words.ts";
import { assertGrowsInProportion } from "../support/growth.ts";

Deno.test("hasBlockedWord() finds a word in any case and width, with spaces and invisible characters between its letters", () => {
  const words = ["笨蛋", "ass", "C++", "ΣΟΦΌΣ"];
  const found = [
    "大笨蛋啦",
    "笨 蛋",
    "笨\u200b\u2060蛋",
    "ASS",
    "ａｓｓ!",
    "a s\u00ads",
    "use c++ here",
    "σοφός",
  ];
  const free = ["class", "assess", "笨的蛋", "a, s, s", "C+", "", "brass band"];
  assertEquals(found.filter((text) => !hasBlockedWord(text, words)), []);
  assertEquals(free.filter((text) => hasBlockedWord(text, words)), []);
  assertEquals(hasBlockedWord("anything", []), false);
});

Deno.test("hasBlockedWord() finds words that stand beside a script without spaces, or are written in one", () => {
  const words = ["sb", "ㄍㄋㄋ", "バカ", "바보"];
  const found = [
    "你是sb啦",
    "你 ｓ Ｂ啦",
    "SB老師",
    "這sb",
    "你ㄍㄋㄋ啦",
    "ㄍ ㄋ\u200bㄋ",
    "このバカー",
    "너 바보야",
  ];
  const free = ["usb", "這是usb碟", "sbs頻道", "ㄍㄋ"];
  assertEquals(found.filter((text) => !hasBlockedWord(text, words)), []);
  assertEquals(free.filter((text) => hasBlockedWord(text, words)), []);
});

Deno.test("hasBlockedWord() takes no longer for texts that are made to be slow", async () => {
  const lists = [50, 500].map((length) => Array.from({ length }, (_, i) => `aaaaaaaaaa${i}`));
  const text = "a ".repeat(2_000);
  // As one pattern, ten times as many words took two hundred times as long.
  await assertGrowsInProportion((words) => {
    const list = lists.find(({ length }) => length === words) ?? [];
    assertEquals(hasBlockedWord(text, list), false);
  }, 50);
});

Deno.test("wordsIn() drops what is empty, invisible or there already in another case", () => {
  assertEquals(wordsIn(["", " ", "\u200b", " Ass ", "ASS", "笨蛋"]), ["ASS", "笨蛋"]);
});
