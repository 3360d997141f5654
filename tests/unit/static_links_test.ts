import { assertEquals } from "@std/assert";
import { splitLinks } from "../../static/links.js";

/** The addresses in a text, and the text with each of them between brackets. */
function marked(text: string): string {
  return splitLinks(text).map((part) => (part.href ? `[${part.text}]` : part.text)).join("");
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
    assertEquals(splitLinks(text).map((part) => part.text).join(""), text);
  });
}
