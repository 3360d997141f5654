/** What a search in a room of a million messages takes, of Chinese and English, and what its index takes. */
import { Archive } from "../../rooms/messages/archive.ts";
import { History } from "../../rooms/messages/history.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import type { Signature } from "../../rooms/messages/page_signature.ts";
import { Search } from "../../rooms/search.ts";
import { writePast } from "../support/past.ts";
import { seeded } from "../support/random.ts";
import { temporaryDirectory } from "../support/service.ts";
import { type Figure, table } from "./figures.ts";

const MESSAGES = 1_000_000;
/** The last message but this many has a text that no other has. */
const RARE_FROM_START = 1_000;
/** Characters of the most common ones, of which a few make up most of a text, as in real ones. */
const CHARACTERS = 3_000;
const FIRST = 0x4e00;
const WORDS = "the room is open now please wait for an answer about your order thank you very much".split(
  " ",
);

const SOUGHT = {
  "a word that every other message has": ["the"],
  "one Chinese character": [String.fromCharCode(FIRST + 40)],
  "two common Chinese characters": [String.fromCharCode(FIRST + 1, FIRST + 2)],
  "two rare Chinese characters": [String.fromCharCode(FIRST + 2_900, FIRST + 2_901)],
  "a word that one message has, a million back": ["zebra"],
  "a word that none has": ["quixotic"],
};

/** Milliseconds to the first page of several searches, and the size of the index. */
export async function search(): Promise<Figure[]> {
  const bench = "search";
  await using directory = await temporaryDirectory();
  using kv = await Deno.openKv(`${directory.path}/t.db`);
  const random = seeded(1);
  const began = performance.now();
  await writePast(kv, "lobby", MESSAGES, (place) => place === RARE_FROM_START ? "a zebra" : textFrom(random));
  const figures: Figure[] = [
    {
      bench,
      name: "a million messages written and archived",
      unit: "s",
      values: [(performance.now() - began) / 1_000],
    },
  ];
  let bytes = 0;
  let pages = 0;
  for await (const { value } of kv.list<Signature>({ prefix: ["search", "lobby"] })) {
    bytes += value.bits.length;
    pages++;
  }
  figures.push({ bench, name: "index", unit: "MB", values: [bytes / 1e6] });
  figures.push({ bench, name: "pages", unit: "", values: [pages] });
  const archive = new Archive(kv, new Outbox(kv));
  await archive.open();
  const searching = new Search(archive, new History(archive));
  for (const [name, words] of Object.entries(SOUGHT)) {
    const values: number[] = [];
    for (let run = 0; run < 3; run++) {
      const start = performance.now();
      await searching.find("lobby", { words, limit: 50 });
      values.push(performance.now() - start);
    }
    figures.push({ bench, name, unit: "ms", values });
  }
  return figures;
}

/** A message as people write them: about 20 Chinese characters, or some English words. */
function textFrom(random: () => number): string {
  if (random() < 0.5) {
    return Array.from({ length: 8 }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ");
  }
  // The square makes some characters common and most rare.
  const character = (): number => FIRST + Math.floor(random() ** 2 * CHARACTERS);
  return Array.from({ length: 20 }, () => String.fromCharCode(character())).join("");
}

// deno-lint-ignore no-console -- a command speaks on stdout
if (import.meta.main) console.log(table(await search()));
