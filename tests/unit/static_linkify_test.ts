import { assert, assertEquals } from "@std/assert";
import { isEmojiOnly } from "../../static/room/text/emoji.js";
import { linkify } from "../../static/room/text/linkify.js";

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

/** Ten times what a message may hold: what isn't done in one pass takes many seconds with these. */
const HOSTILE = {
  "closing brackets": "http://a/" + ")".repeat(40_000),
  "full stops and brackets in turn": "http://a/" + ".)".repeat(20_000),
  "brackets of every kind": "http://a/" + ")]}".repeat(13_000),
  "a run of full stops that ends in a letter": "http://a/" + ".".repeat(40_000) + "x",
  "runs of full stops": ("http://a/" + "?!.".repeat(1_000) + "x ").repeat(13),
  "addresses without end": "http://".repeat(6_000),
  "addresses that are none": "http://a:99999/ ".repeat(2_500),
  "short addresses": "http://a ".repeat(4_400),
};

for (const [what, text] of Object.entries(HOSTILE)) {
  Deno.test(`splitLinks() reads ${what} in one pass`, () => {
    const started = performance.now();
    assertEquals(linkify(text).map((part) => part.text).join(""), text);
    assert(performance.now() - started < 1_000, `${performance.now() - started} ms`);
  });
}

for (const [what, text] of [["a letter", "😀".repeat(30) + "x"], ["a digit", "❤️".repeat(24) + "1"]]) {
  Deno.test(`isEmojiOnly() reads emoji that end in ${what} in one pass`, () => {
    const started = performance.now();
    assertEquals(isEmojiOnly(text), false);
    assert(performance.now() - started < 1_000, `${performance.now() - started} ms`);
  });
}
