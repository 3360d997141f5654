import { assertEquals } from "@std/assert";
import { isEmojiOnly } from "../../static/room/text/emoji.js";
import { linkify } from "../../static/room/text/linkify.js";
import { assertGrowsInProportion } from "../support/growth.ts";

/** The addresses in a text, and the text with each of them between brackets. */
function marked(text: string): string {
  return linkify(text).map((part) => (part.href ? `[${part.text}]` : part.text)).join("");
}

const CASES = {
  "no address at all": "no address at all",
  "看https://example.com/a?b=1&c=2#d。好": "看[https://example.com/a?b=1&c=2#d]。好",
  "看https://example.com很好": "看[https://example.com]很好",
  "https://zh.wikipedia.org/wiki/聊天室,": "[https://zh.wikipedia.org/wiki/聊天室],",
  "(see https://example.com/a_(b)).": "(see [https://example.com/a_(b)]).",
  "http://localhost:8000/x, https://a.example!": "[http://localhost:8000/x], [https://a.example]!",
  "https://": "https://",
  "javascript:alert(1) ftp://example.com": "javascript:alert(1) ftp://example.com",
  "https://bank.example@evil.example": "[https://bank.example]@evil.example",
  "line\nhttps://a.example\nline": "line\n[https://a.example]\nline",
};

for (const [text, expected] of Object.entries(CASES)) {
  Deno.test(`splitLinks() finds the addresses in ${JSON.stringify(text)}`, () => {
    assertEquals(marked(text), expected);
    assertEquals(linkify(text).map((part) => part.text).join(""), text);
  });
}

/** Texts of about so many characters, of which what isn't done in one pass takes a time that grows with its square. */
const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  "closing brackets": (length) => "http://a/" + ")".repeat(length),
  "full stops and brackets in turn": (length) => "http://a/" + ".)".repeat(length / 2),
  "brackets of every kind": (length) => "http://a/" + ")]}".repeat(length / 3),
  "a run of full stops that ends in a letter": (length) => "http://a/" + ".".repeat(length) + "x",
  "runs of full stops": (length) => ("http://a/" + "?!.".repeat(100) + "x ").repeat(length / 300),
  "addresses without end": (length) => "http://".repeat(length / 7),
  "addresses that are none": (length) => "http://a:99999/ ".repeat(length / 16),
  "short addresses": (length) => "http://a ".repeat(length / 9),
};
/** As many characters as a message may have. */
const LENGTH = 4_000;

for (const [what, textOf] of Object.entries(HOSTILE)) {
  Deno.test(`splitLinks() reads ${what} in one pass`, async () => {
    const text = textOf(LENGTH);
    assertEquals(linkify(text).map((part) => part.text).join(""), text);
    await assertGrowsInProportion((length) => linkify(textOf(length)), LENGTH);
  });
}

for (const [what, last] of [["a letter", "x"], ["a digit", "1"]]) {
  Deno.test(`isEmojiOnly() reads emoji that end in ${what} in one pass`, async () => {
    const textOf = (count: number) => "❤️".repeat(count) + last;
    assertEquals(isEmojiOnly(textOf(10)), false);
    // What tries every way to read them doubles its time with each.
    await assertGrowsInProportion((count) => {
      for (let time = 0; time < 200; time++) isEmojiOnly(textOf(count));
    }, 1);
  });
}
