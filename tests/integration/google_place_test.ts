import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HEADER, SheetError } from "../../sheets/sheet.ts";
import { GooglePlace } from "../support/sheet_google.ts";
import { idOf, never, row, rows } from "../support/sheet_rows.ts";

/** What an answer of 200 may say though the rows don't stand where they belong. */
const MISFITS: Record<string, unknown> = {
  "no rows": { spreadsheetId: "1StandIn", updates: {} },
  "nothing at all": {},
  "one row less": { updates: { updatedRange: "ChatLogs!A2:E2", updatedRows: 1 } },
  "fewer rows than its range has": { updates: { updatedRange: "ChatLogs!A2:E3", updatedRows: 1 } },
  "other columns": { updates: { updatedRange: "ChatLogs!B2:F3", updatedRows: 2 } },
  "fewer columns": { updates: { updatedRange: "ChatLogs!A2:D3", updatedRows: 2 } },
  "another tab": { updates: { updatedRange: "'Other tab'!A2:E3", updatedRows: 2 } },
  "the header's place": { updates: { updatedRange: "ChatLogs!A1:E2", updatedRows: 2 } },
};

for (const [what, body] of Object.entries(MISFITS)) {
  Deno.test(`GoogleSheet.append() doesn't believe an answer that tells of ${what}`, async () => {
    await using place = await GooglePlace.open();
    const fault = { work: "undone", outcome: "answer", status: 200, body: JSON.stringify(body) } as const;
    place.google.faults.next("append", fault);
    const error = await assertRejects(() => place.sheet.append(rows(1, 2), never), Error);
    assert(!(error instanceof SheetError), "Nobody can know whether the rows stand");
    assertEquals((await place.sheet.find(new Set([idOf(1)]), undefined, never)).present.size, 0);
    await place.sheet.open(never);
    await place.sheet.append(rows(1, 2), never);
    assertEquals(place.google.rows("ChatLogs"), [HEADER, ...rows(1, 2)].map((row) => [...row]));
  });
}

Deno.test("GoogleSheet.append() reads back before it believes an answer that tells of another place than behind the last row", async () => {
  await using place = await GooglePlace.open();
  await place.sheet.append(rows(1, 3), never);
  for (const updatedRange of ["ChatLogs!A2:E3", "ChatLogs!A4:E5", "ChatLogs!A9:E10"]) {
    const body = JSON.stringify({ updates: { updatedRange, updatedRows: 2 } });
    place.google.faults.next("append", { work: "undone", outcome: "answer", status: 200, body });
    const error = await assertRejects(
      () => place.sheet.append(rows(4, 5), never),
      Error,
      "where they aren't",
    );
    assert(!(error instanceof SheetError), "Nobody can know whether the rows stand");
  }
  // People have taken rows out: the place is another one, and the rows stand there.
  place.google.rows("ChatLogs").splice(1, 2);
  assertEquals(await place.sheet.append(rows(4, 5), never), { position: 4, id: idOf(5) });
});

Deno.test("GoogleSheet.append() takes the tab's name in any letter case", async () => {
  await using place = await GooglePlace.open();
  const body = JSON.stringify({ updates: { updatedRange: "chatlogs!A2:E2", updatedRows: 1 } });
  place.google.faults.next("append", { work: "undone", outcome: "answer", status: 200, body });
  assertEquals(await place.sheet.append([row(1)], never), { position: 2, id: idOf(1) });
});

Deno.test("GoogleSheet pauses while rows stand in other columns than asked, so that they aren't written again and again", async () => {
  await using place = await GooglePlace.open();
  await place.sheet.append([row(1)], never);
  const tab = place.google.tab("ChatLogs");
  // Somebody has put a column in front: the table begins at B now.
  tab.insertColumns(0, 1);
  await assertRejects(() => place.sheet.append([row(2)], never), Error, "ChatLogs!B3:F3");
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(
      () => place.sheet.open(never),
      SheetError,
      "let the header begin in A1",
    );
    assertEquals(error.kind, "setup");
  }
  tab.deleteColumns(0, 1);
  await place.sheet.open(never);
  assertEquals((await place.sheet.find(new Set([idOf(2)]), undefined, never)).present.size, 1);
});

Deno.test("GoogleSheet.append() tells the operator when a column that is filled down sends rows far below", async () => {
  await using place = await GooglePlace.open();
  const tab = place.google.tab("ChatLogs");
  await place.sheet.append([row(1)], never);
  tab.columnCount = 6;
  tab.rows = Array.from({ length: 1000 }, (_, n) => [...tab.rows[n] ?? ["", "", "", "", ""], "FALSE"]);
  assertEquals(await place.sheet.append([row(2)], never), { position: 1001, id: idOf(2) });
  assertEquals(place.notices.map(({ code }) => code), ["rows_far_below"]);
  assertStringIncludes(place.notices[0].message, "row 1001");
  assertStringIncludes(place.notices[0].message, "down to row 1000");
  // What follows stands where one looks for it.
  await place.sheet.append([row(3)], never);
  assertEquals(place.notices.length, 1);
});

Deno.test("GoogleSheet.append() takes no rows of people for a gap", async () => {
  await using place = await GooglePlace.open();
  await place.sheet.append([row(1)], never);
  place.google.rows("ChatLogs").push(["a", "note", "by", "hand", "-"]);
  await place.sheet.append([row(2)], never);
  place.google.rows("ChatLogs").splice(1, 1);
  await place.sheet.append([row(3)], never);
  assertEquals(place.notices, []);
});

Deno.test("GoogleSheet gives a tab that was made again while it was written to its header", async () => {
  await using place = await GooglePlace.open();
  await place.sheet.append([row(1)], never);
  place.google.spreadsheet.deleteTab("ChatLogs");
  place.google.spreadsheet.addTab("ChatLogs");
  await assertRejects(() => place.sheet.append(rows(2, 3), never), Error, "no header");
  await place.sheet.open(never);
  assertEquals((await place.sheet.find(new Set([2, 3].map(idOf)), undefined, never)).present.size, 2);
  await place.sheet.append([row(4)], never);
  assertEquals(place.google.rows("ChatLogs"), [HEADER, ...rows(2, 4)].map((row) => [...row]));
});

Deno.test("GoogleSheet.open() leaves a tab with an empty row above the header to people, and says so", async () => {
  await using place = await GooglePlace.start();
  const tab = place.google.spreadsheet.addTab("ChatLogs");
  tab.rows = [[], [...HEADER], [...row(1)]];
  const error = await assertRejects(() => place.sheet.open(never), SheetError, "delete the empty rows above");
  assertEquals(error.kind, "setup");
  assertEquals(tab.rows, [[], [...HEADER], [...row(1)]]);
  tab.rows.shift();
  await place.sheet.open(never);
  await place.sheet.append([row(2)], never);
  assertEquals(tab.rows, [HEADER, ...rows(1, 2)].map((row) => [...row]));
});

Deno.test("GoogleSheet.removeDoubles() takes out rows with our ids alone, however alike the others are", async () => {
  await using place = await GooglePlace.open();
  const tab = place.google.tab("ChatLogs");
  tab.columnCount = 7;
  const note = ["----", "", "", "", "", "the same", "note"];
  const [one, two, three, four] = rows(1, 4).map((row) => [...row]);
  const stranger = ["2026", "a", "b", "c", "id"];
  const annotated = [one[0], one[1], one[2], "corrected by hand", one[4], "", "seen"];
  const before = [
    [...HEADER],
    note,
    annotated,
    stranger,
    two,
    note,
    [],
    three,
    one,
    stranger,
    two,
    four,
    note,
  ];
  tab.rows = before.map((row) => [...row]);
  const double = [8, 10];
  assertEquals(await place.sheet.removeDoubles({ first: idOf(1), last: idOf(3) }, never), 2);
  assertEquals(tab.rows, before.filter((_, index) => !double.includes(index)));
  assertEquals(tab.columnCount, 7);
  assertEquals(await place.sheet.removeDoubles({ first: idOf(1), last: idOf(3) }, never), 0);
});

Deno.test("GoogleSheet.removeDoubles() takes out nothing when somebody sorts the tab at that very moment", async () => {
  await using place = await GooglePlace.open();
  const tab = place.google.tab("ChatLogs");
  const note = ["----", "-", "-", "-", "-"];
  const all = [...rows(1, 20), ...rows(5, 8)].map((row) => [...row]);
  tab.rows = [[...HEADER], [...note], ...all, [...note]];
  const sort = (): void => {
    const [header, ...others] = tab.rows;
    tab.rows = [header, ...others.toSorted((a, b) => b[4].localeCompare(a[4]))];
  };
  place.google.faults.next("change", { work: "done", outcome: "answer", onRequest: sort });
  await place.sheet.removeDoubles({ first: idOf(5), last: idOf(8) }, never);
  assertEquals(tab.rows.filter((row) => row[0] === "----").length, 2);
  assertEquals(new Set(place.ids()), new Set([...rows(1, 20).map((row) => row[4]), "-"]));
});

for (const status of [400, 401]) {
  Deno.test(`GoogleSheet and its caller lose and double nothing when Google answers ${status} though it has appended`, async () => {
    await using place = await GooglePlace.open();
    place.google.faults.next("append", { work: "done", outcome: "answer", status });
    await assertRejects(() => place.sheet.append([row(1)], never));
    assertEquals(place.ids(), [idOf(1)]);
  });
}
