import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { followDays, msToNextDay, TimeFormat } from "../../static/shared/dates.js";
import { isEmojiOnly } from "../../static/room/text/emoji.js";
import { hueOf, initialOf } from "../../static/shared/person.js";
import { SortedList } from "../../static/room/messages/sorted_list.js";
import { startsGroup } from "../../static/room/messages/message_rows.js";
import { Words } from "../../static/shared/words.js";

Deno.test("isEmojiOnly() knows one to six emoji, and nothing else", () => {
  for (const text of ["🎉", "👍🏽👍🏽", "👨‍👩‍👧‍👦", "🇹🇼 🇯🇵", "❤️", "1️⃣", "🎉".repeat(6)]) {
    assert(isEmojiOnly(text), text);
  }
  for (const text of ["", " ", "7", "#", "好🎉", "ok", "🎉".repeat(7)]) assert(!isEmojiOnly(text), text);
});

Deno.test("initialOf() takes what people see as the first character", () => {
  assertEquals(["小安", " ada", "👩🏽‍🚀 Yi", "e\u0301mile", ""].map(initialOf), [
    "小",
    "A",
    "👩🏽‍🚀",
    "E\u0301",
    "?",
  ]);
});

Deno.test("hueOf() gives a name one hue in either Unicode form", () => {
  assertEquals(hueOf("\u00e9mile"), hueOf("e\u0301mile"));
  assert(new Set(["小安", "小柏", "陳怡君", "ada"].map(hueOf)).size > 1);
});

Deno.test("startsGroup() keeps one person's messages within five minutes together", () => {
  const at = new Date(2026, 0, 2, 12).getTime();
  const said = { username: "ada", at, isOwn: false };
  assert(startsGroup(undefined, said));
  assert(!startsGroup(said, { ...said, at: at + 5 * 60_000 }));
  assert(startsGroup(said, { ...said, at: at + 5 * 60_000 + 1 }));
  assert(startsGroup(said, { ...said, username: "bo" }));
});

Deno.test("startsGroup() never groups across midnight", () => {
  const at = new Date(2026, 0, 2, 23, 59, 30).getTime();
  assert(
    startsGroup({ username: "ada", at, isOwn: true }, { username: "ada", at: at + 60_000, isOwn: true }),
  );
});

Deno.test("TimeFormat names today and yesterday and dates other days", () => {
  const clock = new TimeFormat(new Words({ today: "今天", yesterday: "昨天" }, "zh-Hant"));
  const daysAgo = (days: number) => new Date(new Date().setDate(new Date().getDate() - days)).getTime();
  assertEquals([clock.day(daysAgo(0)), clock.day(daysAgo(1))], ["今天", "昨天"]);
  assertEquals(clock.day(new Date(2020, 4, 6).getTime()), "2020年5月6日");
});

Deno.test("msToNextDay() counts to the visitor's midnight", () => {
  assertEquals(msToNextDay(new Date(2026, 0, 2, 23, 59, 59, 999).getTime()), 1);
  assertEquals(msToNextDay(new Date(2026, 11, 31, 12).getTime()), 12 * 60 * 60_000);
  const midnight = new Date(2026, 0, 2);
  assertEquals(msToNextDay(midnight.getTime()), new Date(2026, 0, 3).getTime() - midnight.getTime());
});

Deno.test("followDays() acts at every midnight, and no more once it is stopped", () => {
  using time = new FakeTime(new Date(2026, 0, 2, 23, 59, 59));
  const days: number[] = [];
  const stop = followDays(() => days.push(new Date().getDate()));
  time.tick(999);
  assertEquals(days, []);
  time.tick(1);
  assertEquals(days, [3]);
  time.tick(24 * 60 * 60_000);
  assertEquals(days, [3, 4]);
  stop();
  time.tick(48 * 60 * 60_000);
  assertEquals(days, [3, 4]);
});

Deno.test("SortedList gives up its first things, as many as it has", () => {
  const sequence = new SortedList<{ order: string }>();
  for (const order of ["b", "a", "c"]) sequence.insert({ order });
  assertEquals(sequence.removeFirst(-1), []);
  assertEquals(sequence.removeFirst(2), [{ order: "a" }, { order: "b" }]);
  assertEquals(sequence.removeFirst(2), [{ order: "c" }]);
  assertEquals(sequence.length, 0);
});

Deno.test("SortedList keeps the order of keys, and of arrival among equal ones", () => {
  const sequence = new SortedList<{ order: string; name?: string }>();
  const places = ["b", "d", "a", "c", "d"].map((order) => sequence.insert({ order }));
  assertEquals(places, [0, 1, 0, 2, 4]);
  const orders = Array.from({ length: sequence.length }, (_, index) => sequence.at(index)?.order);
  assertEquals(orders, ["a", "b", "c", "d", "d"]);
  assertEquals(sequence.at(-1), undefined);
});
