/** What entries make of messages, and how a page whose lines grow is divided. */
import { assert, assertEquals } from "@std/assert";
import {
  type Entry,
  entryInBody,
  quotedIn,
  quoteOf,
  revisionByAll,
} from "../../rooms/messages/entries/entry.ts";
import { emojiIn } from "../../rooms/messages/entries/reactions.ts";
import { type Draft, draftOf } from "../../rooms/messages/draft.ts";
import {
  eventOf,
  idIn,
  isDeleted,
  isEntry,
  isEntryBody,
  type Line,
  lineOf,
  messageIn,
  seqOf,
} from "../../rooms/messages/message.ts";
import { splitPage } from "../../rooms/messages/page_split.ts";
import { unpack } from "../../rooms/kv/value_packer.ts";
import { guest } from "../../rooms/user.ts";
import { messageFactoryOf } from "../support/messages.ts";

const factory = messageFactoryOf();
let count = 0;

function line({ body }: Draft): Line {
  return lineOf(seqOf(String(count++).padStart(20, "0"), 0), body);
}

function entry(change: Parameters<typeof factory.entry>[2], name = "bo"): Entry {
  const { body } = factory.entry("lobby", guest(name), change);
  return { ...entryInBody(body), person: name, seq: seqOf(String(count++).padStart(20, "0"), 0) };
}

Deno.test("isEntry() tells entries from messages, whatever these say", () => {
  const words = ['"entry":"edited"', '{"id":"x","room":"y","entry":"deleted"}', "\t{}", "說"];
  for (const room of ["lobby", "聊天室"]) {
    for (const text of words) {
      const { body } = factory.draft(room, guest("ada"), text);
      assert(!isEntryBody(body) && !isEntry(lineOf(seqOf("0".repeat(20), 1), body)));
    }
    const { body } = factory.entry(room, guest("ada"), { entry: "deleted", message_id: "x" });
    assert(isEntryBody(body) && isEntry(lineOf(seqOf("0".repeat(20), 1), body)));
  }
});

Deno.test("Entries give a message its present state, and applied once more they change nothing", () => {
  const said = line(factory.draft("lobby", guest("ada"), "helo"));
  const id = idIn(said);
  const entries = [
    entry({ entry: "reacted", message_id: id, emoji: "👍" }),
    entry({ entry: "reacted", message_id: id, emoji: "👍" }, "cy"),
    entry({ entry: "edited", message_id: id, message: "hello\twith a tab" }, "ada"),
    entry({ entry: "reacted", message_id: id, emoji: "🎉" }),
    entry({ entry: "unreacted", message_id: id, emoji: "👍" }),
  ];
  const revision = revisionByAll(entries);
  const once = revision(said);
  assertEquals(revision(once), once);
  const { message, edited, reactions } = messageIn(once);
  assertEquals([message, edited], ["hello\twith a tab", entries[2].timestamp]);
  assertEquals(reactions, [
    { emoji: "👍", count: 1, users: ["cy"] },
    { emoji: "🎉", count: 1, users: ["bo"] },
  ]);
  const frame = JSON.parse(eventOf(once, "", "bo"));
  assertEquals(frame.reactions[1], { emoji: "🎉", count: 1, users: ["bo"], mine: true });
  const gone = revisionByAll([...entries, entry({ entry: "deleted", message_id: id })])(said);
  assert(isDeleted(gone));
  assertEquals([messageIn(gone).reactions, messageIn(gone).edited], [undefined, undefined]);
  assertEquals(revision(gone), gone);
});

Deno.test("A quote follows its message: edited, and gone", () => {
  const said = line(factory.draft("lobby", guest("ada"), "說".repeat(300)));
  const reply = line(factory.draft("lobby", guest("bo"), "yes", { replyTo: quoteOf(said) }));
  assertEquals(quotedIn(reply), idIn(said));
  assertEquals(messageIn(reply).reply_to?.message, "說".repeat(200));
  const edited = revisionByAll([entry({ entry: "edited", message_id: idIn(said), message: "no" })])(reply);
  assertEquals(messageIn(edited).reply_to, { id: idIn(said), username: "ada", message: "no" });
  const gone = revisionByAll([entry({ entry: "deleted", message_id: idIn(said) })])(edited);
  assertEquals(messageIn(gone).reply_to, { id: idIn(said), username: "", message: "", deleted: true });
  assertEquals(messageIn(gone).message, "yes");
});

Deno.test("A message takes 12 different emoji, and no more reactions than fit beside it", () => {
  const said = line(factory.draft("lobby", guest("ada"), "hi"));
  const id = idIn(said);
  const emoji = [..."😀😁😂😃😄😅😆😇😈😉😊😋😌😍"];
  const many = revisionByAll(emoji.map((emoji) => entry({ entry: "reacted", message_id: id, emoji })))(said);
  assertEquals(messageIn(many).reactions?.length, 12);
  const people = Array.from(
    { length: 10_000 },
    (_, i) => entry({ entry: "reacted", message_id: id, emoji: "👍" }, `${i}`),
  );
  const loved = people.reduce((line, one) => revisionByAll([one])(line), said);
  assertEquals(messageIn(loved).reactions?.[0].count, 600);
});

Deno.test("emojiIn() takes one emoji and nothing else", () => {
  for (const one of ["👍", "❤️", "👩‍👩‍👧‍👦", "🇹🇼", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽"]) assertEquals(emojiIn(one), one);
  assertEquals(emojiIn("❤"), "❤️");
  for (
    const other of ["", "a", "👍👍", "1", "#", "👍a", "說", "\u{1f3fd}".repeat(9), "__proto__", "\ud83d"]
  ) {
    assertEquals(emojiIn(other), undefined, other);
  }
});

Deno.test("splitPage() divides a page that has grown, between the keys around it, and loses no line", () => {
  const lines = Array.from(
    { length: 60 },
    (_, i) => line(factory.draft("lobby", guest("ada"), "說".repeat(1_000 + i))),
  );
  const [after, next] = ["", idIn(lines[59])];
  for (const order of [lines, [...lines.slice(0, 59).toReversed(), lines[59]]]) {
    const parts = splitPage(order, after, next);
    assertEquals(parts.flatMap(({ bytes }) => unpack(bytes)), order);
    const keys = parts.map(({ after }) => after);
    assertEquals(keys, [...new Set(keys)].sort());
    assert(keys.length > 1 && keys[0] === after && keys[keys.length - 1] < next);
    for (const [i, { bytes }] of parts.entries()) {
      assert(unpack(bytes).every((line) => !keys[i + 1] || idIn(line) <= keys[i + 1]));
    }
  }
});

Deno.test("draftOf() knows of a draft that another isolate forwards what its maker knew", () => {
  const said = line(factory.draft("lobby", guest("ada"), "hi"));
  const files = [{
    id: "01J0000000000000000000FILE",
    name: "a.png",
    url: "/f/a.png",
    type: "image/png",
    size: 1,
  }];
  const drafts = [
    factory.draft("lobby", guest("ada"), 'a "quoted" word, "entry":"deleted" and @bo'),
    factory.draft("lobby", guest("bo"), "", { replyTo: quoteOf(said), files }),
    factory.entry("lobby", guest("bo"), { message_id: idIn(said), entry: "deleted", files: [files[0].id] }),
    factory.entry("lobby", guest("bo"), { message_id: idIn(said), entry: "reacted", emoji: "🎉" }),
  ];
  for (const { id, room, timestamp, body, ...known } of drafts) {
    const { change, text, answered, files } = draftOf({ id, room, timestamp, body });
    assertEquals([text, answered, files], [known.text, known.answered, known.files]);
    assertEquals([change?.entry, change?.message_id], [known.change?.entry, known.change?.message_id]);
  }
});
