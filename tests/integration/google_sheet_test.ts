import { assert, assertEquals, assertRejects } from "@std/assert";
import { HEADER, SheetError } from "../../sheets/sheet.ts";
import { GooglePlace } from "../support/sheet_google.ts";
import { idOf, never, row, rows } from "../support/sheet_rows.ts";

Deno.test("GoogleSheet.open() makes a missing tab five columns wide with a frozen header", async () => {
  await using place = await GooglePlace.open();
  const { rowCount, columnCount, frozenRowCount } = place.google.tab("ChatLogs");
  assertEquals({ rowCount, columnCount, frozenRowCount }, { rowCount: 2, columnCount: 5, frozenRowCount: 1 });
  assertEquals(place.google.rows("ChatLogs"), [[...HEADER]]);
});

Deno.test("GoogleSheet.open() trims a tab that somebody just added", async () => {
  await using place = await GooglePlace.start();
  const tab = place.google.spreadsheet.addTab("ChatLogs");
  await place.sheet.open(never);
  assertEquals(tab.columnCount, 5);
  assertEquals(tab.rows, [[...HEADER]]);
});

Deno.test("GoogleSheet.open() trims nothing that somebody wrote beside or below", async () => {
  await using place = await GooglePlace.start();
  const tab = place.google.spreadsheet.addTab("ChatLogs");
  tab.rows = [[], [], ["", "", "", "", "", "", "a note in G"]];
  await place.sheet.open(never);
  assertEquals(tab.columnCount, 26);
  assertEquals(tab.rows[0], [...HEADER]);
  assertEquals(tab.rows[2][6], "a note in G");
});

Deno.test("GoogleSheet.open() widens a tab that has lost columns", async () => {
  await using place = await GooglePlace.start();
  const tab = place.google.spreadsheet.addTab("ChatLogs", 100, 3);
  await place.sheet.open(never);
  assertEquals(tab.columnCount, 5);
  await place.sheet.append([row(1)], never);
  assertEquals(place.ids(), [idOf(1)]);
});

Deno.test("GoogleSheet.open() keeps a header that people translated", async () => {
  await using place = await GooglePlace.open();
  const translated = ["時間", "聊天室", "使用者", "訊息", "識別碼"];
  await place.sheet.append([row(1)], never);
  place.google.rows("ChatLogs")[0] = translated;
  await place.sheet.open(never);
  await place.sheet.append([row(2)], never);
  assertEquals(place.google.rows("ChatLogs"), [translated, [...row(1)], [...row(2)]]);
});

Deno.test("GoogleSheet.append() loses no row when several append at once", async () => {
  await using place = await GooglePlace.open();
  await using other = place.another();
  await Promise.all(
    Array.from(
      { length: 10 },
      (_, n) => (n % 2 ? other : place.sheet).append(rows(n * 10, n * 10 + 9), never),
    ),
  );
  assertEquals(place.ids().toSorted(), rows(0, 99).map((row) => row[4]));
});

Deno.test("GoogleSheet.append() leaves no cell empty", async () => {
  await using place = await GooglePlace.open();
  await place.sheet.append([["t", "", "", "", idOf(1)]], never);
  assertEquals(place.google.rows("ChatLogs")[1], ["t", " ", " ", " ", idOf(1)]);
});

Deno.test("GoogleSheet.append() sends a request once when its connection dies unanswered", async () => {
  await using place = await GooglePlace.open();
  await place.sheet.append([row(1)], never);
  place.google.faults.next("append", { work: "done", outcome: "drop" });
  const error = await assertRejects(() => place.sheet.append([row(2)], never), Error);
  assert(!(error instanceof SheetError), "Nobody can know whether the row stands");
  assertEquals(place.ids(), [idOf(1), idOf(2)]);
});

Deno.test("GoogleSheet.find() sees the rows of an append whose answer was lost", async () => {
  await using place = await GooglePlace.open();
  const mark = await place.sheet.append([row(1)], never);
  place.google.faults.next("append", { work: "done", outcome: "half" });
  await assertRejects(() => place.sheet.append(rows(2, 3), never), Error);
  const { present, last } = await place.sheet.find(new Set([idOf(2), idOf(3), idOf(4)]), mark, never);
  assertEquals(present, new Set([idOf(2), idOf(3)]));
  assertEquals(last, { position: 4, id: idOf(3) });
});

Deno.test("GoogleSheet.find() reads a long column in pages and not one request more", async () => {
  await using place = await GooglePlace.open();
  const tab = place.google.tab("ChatLogs");
  tab.rows = [[...HEADER], ...rows(1, 250_000).map((row) => [...row])];
  const before = place.google.requests.length;
  const wanted = new Set([1, 100_000, 199_999, 250_000, 250_001].map(idOf));
  const { present, last } = await place.sheet.find(wanted, undefined, never);
  assertEquals(present.size, 4);
  assertEquals(last, { position: 250_001, id: idOf(250_000) });
  assertEquals(place.google.requests.length - before, 3);
});

Deno.test("GoogleSheet.find() takes the grid's end for an end, at a page's end and above the mark", async () => {
  await using place = await GooglePlace.open();
  const tab = place.google.tab("ChatLogs");
  tab.rows = [[...HEADER], ...rows(1, 99_999).map((row) => [...row])];
  assertEquals(tab.rowCount, 100_000);
  const wanted = new Set([idOf(99_999)]);
  assertEquals((await place.sheet.find(wanted, undefined, never)).present, wanted);
  const mark = { position: 100_001, id: idOf(100_000) };
  assertEquals((await place.sheet.find(wanted, mark, never)).present, wanted);
});

Deno.test("GoogleSheet.find() asks once when all stands behind the mark, and once more for what doesn't", async () => {
  await using place = await GooglePlace.open();
  const mark = await place.sheet.append(rows(1, 100), never);
  const before = place.google.requests.length;
  await place.sheet.find(new Set([idOf(100)]), mark, never);
  assertEquals(place.google.requests.length - before, 1);
  await place.sheet.find(new Set([idOf(101)]), mark, never);
  assertEquals(place.google.requests.length - before, 3);
});

Deno.test("GoogleSheet gets a new token when Google has revoked its own", async () => {
  await using place = await GooglePlace.open();
  place.google.token.revokeTokens();
  await place.sheet.append([row(1)], never);
  assertEquals(place.ids(), [idOf(1)]);
});

for (const operation of ["append", "token"] as const) {
  Deno.test(`GoogleSheet.append() ends at once when it is told to stop, also in the request for ${operation}`, async () => {
    await using place = await GooglePlace.open();
    if (operation === "token") place.google.token.revokeTokens();
    const { promise: isThere, resolve: onRequest } = Promise.withResolvers<void>();
    place.google.faults.next(operation, { work: "undone", outcome: "hang", onRequest });
    const stop = new AbortController();
    const append = assertRejects(() => place.sheet.append([row(1)], stop.signal), DOMException, "stopping");
    await isThere;
    stop.abort(new DOMException("stopping", "AbortError"));
    await append;
  });
}
