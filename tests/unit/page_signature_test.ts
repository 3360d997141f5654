import { assert, assertEquals } from "@std/assert";
import { type Line, lineOf, seqOf } from "../../rooms/messages/message.ts";
import { folded, signatureOf, Sought } from "../../rooms/messages/page_signature.ts";
import { guest } from "../../rooms/user.ts";
import { messageFactoryOf } from "../support/messages.ts";
import { seeded } from "../support/random.ts";

const factory = messageFactoryOf({ now: () => Date.parse("2026-07-25T10:00:00Z") });

Deno.test("Signature.mayBeIn() tells nearly all pages without a word of four letters, and finds every part of what is there", () => {
  const random = seeded(7);
  const syllables = "ba ce di fo gu ha je ki lo mu na pe ri so tu va".split(" ");
  const one = (): string => syllables[Math.floor(random() * syllables.length)];
  const words = Array.from({ length: 2_000 }, () => one() + one() + one());
  const signature = signatureOf(
    page(Array.from({ length: 250 }, (_, i) => words.slice(i * 8, i * 8 + 8).join(" "))),
  );
  const mayBeIn = (word: string) => new Sought({ words: [folded(word)] }).mayBeIn(signature);
  for (const word of words) assert(mayBeIn(word) && mayBeIn(word.slice(1, 5)) && mayBeIn(word.slice(2, 5)));
  // Each of their pairs is on the page.
  const said = words.join(" ");
  const absent = syllables.flatMap((a) => syllables.map((b) => a[1] + b + a[0])).filter((word) =>
    !said.includes(word)
  );
  assert(absent.length > 50);
  assert(absent.filter(mayBeIn).length <= absent.length * 0.05, `${absent.filter(mayBeIn)}`);
});

Deno.test("Signature finds signs that JSON escapes, and the text and day of a message with files", () => {
  const texts = [`a "quoted\\text" ends\\`, "with\ttabs\nand lines", `x","time":"1999`];
  const files = [{ id: "F", name: "cat.png", type: "image/png", size: 1, url: "/files/F/cat.png" }];
  const signature = signatureOf(page(texts, { files }));
  assertEquals([signature.from, signature.to].map((time) => time.slice(0, 10)), ["2026-07-25", "2026-07-25"]);
  for (const word of [`"quoted\\text"`, "ends\\", "tabs", "lines", `","time":"1999`]) {
    assert(new Sought({ words: [word] }).mayBeIn(signature), word);
  }
});

Deno.test("Signature of an older version, without runs, hides nothing", () => {
  const { hasRuns: _, ...old } = signatureOf(page(["a zebra"]));
  old.bits.fill(0xff);
  assert(new Sought({ words: ["zebra"] }).mayBeIn(old));
});

function page(texts: readonly string[], attached?: Parameters<typeof factory.draft>[3]): Line[] {
  return texts.map((text, index) =>
    lineOf(seqOf("0".repeat(20), index), factory.draft("lobby", guest("bo"), text, attached).body)
  );
}
