import { assertEquals } from "@std/assert";
import { readXlsx } from "hucre/xlsx";
import { activityWorkbook } from "../../sheets/reports/activity_workbook.ts";

Deno.test("activityWorkbook() writes times as dates, and prints landscape on one page's width", async () => {
  const bytes = await activityWorkbook(
    {
      messages: 2,
      days: [["2026-03-01", 2]],
      hours: Array(24).fill(0),
      people: [{ name: "ada", messages: 2, answers: 1 }],
      others: 0,
      silences: [{
        from: "2026-03-01 09:00:00",
        to: "2026-03-01 19:30:15",
        seconds: 37_815,
        brokenBy: "ada",
      }],
      responses: Array(7).fill(0),
      unanswered: 1,
      medianResponse: undefined,
    },
    { type: "activity", room: "lobby", from: undefined, to: 0, language: "en" },
    "Asia/Taipei",
  );
  const { sheets } = await readXlsx(bytes);
  const silences = sheets.find(({ name }) => name === "Longest silences");
  assertEquals(silences?.rows[1].slice(0, 2), [
    new Date("2026-03-01T09:00:00Z"),
    new Date("2026-03-01T19:30:15Z"),
  ]);
  for (const { pageSetup } of sheets) {
    assertEquals(
      [pageSetup?.orientation, pageSetup?.fitToWidth, pageSetup?.fitToHeight],
      ["landscape", 1, 0],
    );
  }
});
