import { assert, assertEquals } from "@std/assert";
import { createMessageFactory } from "../../rooms/messages/draft.ts";
import { eventOf, idIn, lineOf, messageIn, seqIn, seqOf, stampIn } from "../../rooms/messages/message.ts";
import { guest } from "../../rooms/user.ts";

const at = Date.parse("2026-03-01T16:00:00.007Z");

function messageFactory(now: () => number, after = ""): ReturnType<typeof createMessageFactory> {
  return createMessageFactory({ timeZone: "Asia/Taipei", now, random: () => 0.5, after });
}

Deno.test("MessageFactory.draft() writes the time of its zone, and the timestamp in UTC with milliseconds", () => {
  const { body } = messageFactory(() => at).draft("lobby", guest("ada"), "hi");
  const { time, timestamp } = messageIn(lineOf(seqOf("0".repeat(20), 0), body));
  assertEquals([time, timestamp], ["2026-03-02 00:00:00", "2026-03-01T16:00:00.007Z"]);
});

Deno.test("MessageFactory.draft() gives ascending ids when the clock stands, jumps back, or lies behind older ids", () => {
  const times = [at, at, at - 3_600_000, at + 1];
  const clock = messageFactory(() => times.shift() ?? at, "7ZZZZZZZZY0000000000000000");
  const ids = Array.from({ length: 4 }, () => clock.draft("lobby", guest("ada"), "hi").id);
  assertEquals(ids, [...ids].sort());
  assertEquals(new Set(ids).size, 4);
  assert(ids[0] > "7ZZZZZZZZY0000000000000000");
});

Deno.test("A line keeps its message, whatever people write", () => {
  const texts = ['"', "\\", "\n", "}{", "聊天", "😀", "\u2028", '","id":"x'];
  for (const text of texts) {
    const draft = messageFactory(() => at).draft("聊天室", guest(text), text);
    const line = lineOf(seqOf("0000000000000abc0000", 17), draft.body);
    assertEquals(seqIn(line), "0000000000000abc0000011");
    assertEquals(stampIn(line), "0000000000000abc0000");
    assertEquals(idIn(line), draft.id);
    const message = messageIn(line);
    assertEquals([message.message, message.username, message.room], [text, text, "聊天室"]);
    assertEquals(JSON.parse(eventOf(line, `"recorded":true,`)), {
      type: "chat_message",
      recorded: true,
      ...message,
    });
  }
});

Deno.test("seqOf() sorts by commit, then by place", () => {
  const seqs = [["0a", 0], ["0a", 9], ["0a", 10], ["0a", 255], ["0a", 4095], ["0b", 0]]
    .map(([stamp, place]) => seqOf(String(stamp).padStart(20, "0"), Number(place)));
  assertEquals(seqs, [...seqs].sort());
});
