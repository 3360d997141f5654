import { assertEquals, assertThrows } from "@std/assert";
import { HttpError } from "../../routes/errors.ts";
import { orderIn } from "../../routes/api/reports/report_order.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const asked = { type: "transcript", room: "lobby" };
const read = (fields: object, timeZone = "Asia/Taipei") =>
  orderIn({ ...asked, ...fields }, { timeZone, language: "zh-Hant", now: NOW });
const period = (fields: object, timeZone?: string): (string | undefined)[] => {
  const { from, to } = read(fields, timeZone);
  return [from, to].map((at) => at === undefined ? undefined : new Date(at).toISOString());
};

Deno.test("orderIn() takes all until now when nothing is said", () => {
  for (const fields of [{}, { from: null, to: null }, { from: "", to: "" }]) {
    assertEquals(period(fields), [undefined, "2026-06-01T00:00:00.000Z"]);
  }
  assertEquals(read({}).language, "zh-Hant");
});

Deno.test("orderIn() takes days as those of the service's time zone, the last one included", () => {
  const days = { from: "2026-03-01", to: "2026-03-31" };
  assertEquals(period(days), ["2026-02-28T16:00:00.000Z", "2026-03-31T16:00:00.000Z"]);
  // Summer time begins on the 29th.
  assertEquals(period(days, "Europe/Berlin"), ["2026-02-28T23:00:00.000Z", "2026-03-31T22:00:00.000Z"]);
  assertEquals(period({ from: "2026-03-29", to: "2026-03-29" }, "Europe/Berlin"), [
    "2026-03-28T23:00:00.000Z",
    "2026-03-29T22:00:00.000Z",
  ]);
});

Deno.test("orderIn() takes times as they are, and none in the future", () => {
  assertEquals(period({ from: "2026-03-01T09:00:00+08:00", to: "2030-01-01T00:00:00Z" }), [
    "2026-03-01T01:00:00.000Z",
    "2026-06-01T00:00:00.000Z",
  ]);
  assertEquals(period({ to: "9999-12-31" }), [undefined, "2026-06-01T00:00:00.000Z"]);
  assertEquals(period({ to: "2026-06-01" }), [undefined, "2026-06-01T00:00:00.000Z"]);
});

Deno.test("orderIn() takes a room's name in its composed form", () => {
  assertEquals(read({ room: "cafe\u0301" }).room, "caf\u00e9");
});

for (
  const fields of [
    { type: "virus" },
    { type: 1 },
    { room: 5 },
    { room: "a b" },
    { room: "" },
    { room: "x".repeat(65) },
    { from: "yesterday" },
    { from: "2026-13-01" },
    { from: 5 },
    { from: {} },
    { from: "2026-03-01T99:00:00Z" },
    { from: `2026-03-01${" ".repeat(1_000)}` },
    { to: "2026-03-01T00:00:00" },
    { from: "2026-03-02", to: "2026-03-01" },
    { from: "2026-07-01" },
    { language: "fr" },
    { language: "__proto__" },
  ]
) {
  Deno.test(`orderIn() refuses ${JSON.stringify(fields).slice(0, 60)}`, () => {
    assertThrows(() => read(fields), HttpError);
  });
}

Deno.test("orderIn() refuses what isn't an object", () => {
  for (const body of [null, [], "x", 5]) {
    assertThrows(() => orderIn(body, { timeZone: "UTC", language: "en", now: NOW }), HttpError);
  }
});

for (const from of ["0050-01-01", "1000-01-01", "0001-01-01T00:00:00Z"]) {
  Deno.test(`orderIn() refuses ${from}, before there was anything to report, in every time zone`, () => {
    for (const timeZone of ["Asia/Taipei", "America/New_York"]) {
      assertThrows(() => read({ from }, timeZone), HttpError, "must be a date");
      assertThrows(() => read({ to: from }, timeZone), HttpError, "must be a date");
    }
  });
}
