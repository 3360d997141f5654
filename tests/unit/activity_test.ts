import { assert, assertEquals } from "@std/assert";
import { ActivityCount } from "../../rooms/reports/activity.ts";
import { activityWorkbook } from "../../sheets/reports/activity_workbook.ts";
import { sheetsOf } from "../support/workbook.ts";

/** Counts messages said at these minutes of 2026-03-01 in UTC, in two halves with another process in between. */
function counted(said: readonly (readonly [minute: number, username: string])[]): ActivityCount {
  const half = new ActivityCount();
  for (const message of said.slice(0, said.length / 2).map(messageAt)) half.add(message);
  const whole = new ActivityCount(JSON.parse(JSON.stringify(half)));
  for (const message of said.slice(said.length / 2).map(messageAt)) whole.add(message);
  return whole;
}

function messageAt(
  [minute, username]: readonly [minute: number, username: string],
): { username: string; time: string; timestamp: string } {
  const timestamp = new Date(Date.parse("2026-03-01T00:00:00Z") + minute * 60_000).toISOString();
  return { username, timestamp, time: timestamp.slice(0, 19).replace("T", " ") };
}

Deno.test("ActivityCount counts by day with the empty ones between, by hour and by person", () => {
  const { messages, days, hours, people } = counted([
    [1, "ada"],
    [2, "bo"],
    [61, "ada"],
    [3 * 24 * 60, "ada"],
  ]).result();
  assertEquals(messages, 4);
  assertEquals(days, [["2026-03-01", 3], ["2026-03-02", 0], ["2026-03-03", 0], ["2026-03-04", 1]]);
  assertEquals([hours[0], hours[1], hours.length], [3, 1, 24]);
  assertEquals(people, [{ name: "ada", messages: 3, answers: 0 }, { name: "bo", messages: 1, answers: 1 }]);
});

Deno.test("ActivityCount takes for a first response what somebody else says first, however late", () => {
  const { responses, unanswered, medianResponse, people } = counted([
    [0, "ada"],
    [1, "ada"],
    // After two minutes.
    [2, "bo"],
    [3, "ada"],
    // Silence: a new conversation, answered after two hours.
    [100, "ada"],
    [160, "ada"],
    [220, "cy"],
    // Another one, which nobody answers.
    [400, "ada"],
  ]).result();
  assertEquals(responses, [0, 1, 0, 0, 1, 0, 0]);
  assertEquals(unanswered, 1);
  assert(Math.abs(Number(medianResponse) - 120) < 12, String(medianResponse));
  assertEquals(people.map(({ answers }) => answers), [0, 1, 1]);
});

Deno.test("ActivityCount keeps the longest silences, the longest first, and who ended them", () => {
  const minutes = Array.from({ length: 40 }, (_, i) => i * i);
  const { silences } = counted(minutes.map((minute, i) => [minute, `u${i}`] as const)).result();
  assertEquals(silences.length, 20);
  assertEquals(silences[0], {
    from: messageAt([38 * 38, ""]).time,
    to: messageAt([39 * 39, ""]).time,
    seconds: (39 * 39 - 38 * 38) * 60,
    brokenBy: "u39",
  });
  assertEquals(
    silences.map(({ seconds }) => seconds),
    silences.map(({ seconds }) => seconds).sort((a, b) => b - a),
  );
});

Deno.test("ActivityCount holds no more however many names a guest invents, and forgets no message", () => {
  const count = new ActivityCount();
  for (let i = 0; i < 5_000; i++) count.add(messageAt([i, `guest ${i} `.padEnd(64, "名")]));
  const { people, others, messages } = count.result();
  assertEquals([people.length, others, messages], [1_000, 4_000, 5_000]);
  assert(JSON.stringify(count).length < 400_000);
});

Deno.test("ActivityCount takes names for names, whatever they are", () => {
  const { people } = counted([[0, "__proto__"], [1, "constructor"], [2, "__proto__"]]).result();
  assertEquals(people.map(({ name, messages }) => [name, messages]), [["__proto__", 2], ["constructor", 1]]);
});

for (
  const [language, sheets] of [["zh-Hant", "摘要,每日訊息,每小時訊息,每人訊息,最長沉默,首次回應"], [
    "en",
    "Summary,Messages by day,Messages by hour,Messages by person,Longest silences,First responses",
  ]]
) {
  Deno.test(`activityWorkbook() answers each question by a sheet with a chart, in ${language}`, async () => {
    const activity = counted([[0, "=1+1"], [1, "bo"], [100, "bo"]]).result();
    const order = { type: "activity", room: "lobby", from: undefined, to: 0, language } as const;
    const xlsx = await activityWorkbook(activity, order, "Asia/Taipei");
    const read = await sheetsOf(xlsx);
    assertEquals(Object.keys(read).join(), sheets);
    const [summary, perDay, , perPerson, silences] = Object.values(read);
    assertEquals(summary[4][1], "3");
    assertEquals(perDay[1], ["2026-03-01", "3"]);
    assertEquals(perPerson.slice(1).map((row) => row.slice(0, 2)), [["bo", "2"], ["=1+1", "1"]]);
    assertEquals(silences.slice(1).map((row) => row[2]), ["99", "1"]);
    const text = new TextDecoder("latin1").decode(xlsx);
    assertEquals(new Set(text.match(/xl\/charts\/chart\d\.xml/g)).size, 5);
  });
}

Deno.test("activityWorkbook() stays readable with names of characters that no XML may hold", async () => {
  const activity = counted([[0, "x\uffff"], [100, "y\u0001\ud800"]]).result();
  const order = { type: "activity", room: "lobby", from: undefined, to: 0, language: "en" } as const;
  const read = await sheetsOf(await activityWorkbook(activity, order, "Asia/Taipei"));
  assertEquals(read["Messages by person"].slice(1).map(([name]) => name), ["x\ufffd", "y\ufffd\ufffd"]);
  assertEquals(read["Longest silences"][1][3], "y\ufffd\ufffd");
});

Deno.test("activityWorkbook() tells silences in a unit in which the longest one is some, and names it", async () => {
  const order = { type: "activity", room: "lobby", from: undefined, to: 0, language: "en" } as const;
  for (
    const [minutes, unit, length] of [[0.2, "seconds", "12"], [90, "minutes", "90"], [
      300,
      "hours",
      "5",
    ]] as const
  ) {
    const activity = counted([[0, "ada"], [minutes, "bo"]]).result();
    const { Summary: summary, "Longest silences": silences } = await sheetsOf(
      await activityWorkbook(activity, order, "UTC"),
    );
    assertEquals(summary.find(([name]) => name === `Longest silence (${unit})`)?.[1], length);
    assertEquals([silences[0][2], silences[1][2]], [`Length (${unit})`, length]);
  }
});
