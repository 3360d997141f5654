import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, readConfig } from "../../routes/config.ts";
import { fieldsOf, rowOf } from "../../sheets/columns.ts";
import { CsvFile } from "../../sheets/csv_file.ts";
import { inRows } from "../../sheets/column_layout.ts";
import { type Row, type Sheet, SheetError } from "../../sheets/sheet.ts";
import { Client } from "../support/client.ts";
import { startService } from "../support/service.ts";
import { GooglePlace } from "../support/sheet_google.ts";
import { idOf, never, parseCsv } from "../support/sheet_rows.ts";

const COLUMNS = ["id", "date", "room", "message"];

/** A row in these columns. */
function row(n: number, columns: Row = COLUMNS): Row {
  const time = "2026-03-01 23:59:00";
  const message = { id: idOf(n), room: "lobby", user: "ada", username: "ada", message: `=${n}`, time };
  return rowOf(fieldsOf({ ...message, timestamp: "2026-03-01T15:59:00.000Z" }), columns);
}

/** A sheet with these columns, and the rows in it as people see them. */
interface Place extends AsyncDisposable {
  sheet(columns?: Row): Sheet;
  rows(): Promise<string[][]>;
  put(rows: string[][]): Promise<void>;
  /** The text as the sheet shows it. */
  shown(text: string): string;
}

const PLACES: Record<string, () => Promise<Place>> = {
  async GoogleSheet() {
    const place = await GooglePlace.start();
    const { spreadsheet } = place.google;
    return {
      sheet: (columns = COLUMNS) => place.another({ header: columns }),
      rows: () => Promise.resolve(place.google.rows("ChatLogs")),
      put: (rows) => Promise.resolve(void (spreadsheet.addTab("ChatLogs", 3, 7).rows = rows)),
      shown: (text) => text,
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  },
  async CsvFile() {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/ChatLogs.csv`;
    return {
      sheet: (header = COLUMNS) => new CsvFile({ path, header }),
      rows: async () => parseCsv(await Deno.readTextFile(path)),
      put: (rows) => Deno.writeTextFile(path, rows.map((row) => `${row.join(",")}\r\n`).join("")),
      shown: (text) => text.startsWith("=") ? `'${text}` : text,
      [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
    };
  },
};

for (const [name, start] of Object.entries(PLACES)) {
  Deno.test(`${name} has the columns that are configured, in their order, and finds rows by an id in front`, async () => {
    await using place = await start();
    await using sheet = place.sheet();
    await sheet.open(never);
    const mark = await sheet.append([row(1), row(2)], never);
    const shown = [1, 2].map((n) => [idOf(n), "2026-03-01", "lobby", place.shown(`=${n}`)]);
    assertEquals(await place.rows(), [COLUMNS, ...shown]);
    const found = await sheet.find(new Set([1, 2, 3].map(idOf)), mark, never);
    assertEquals(found, { present: new Set([1, 2].map(idOf)), last: mark });
    assertEquals(await sheet.removeDoubles({ first: idOf(1), last: idOf(2) }, never), 0);
  });

  Deno.test(`${name} keeps to the order of a header that stands, and leaves columns of people alone`, async () => {
    await using place = await start();
    await place.put([["Message", "note", "id", "日期", "ROOM", "mood"]]);
    await using sheet = place.sheet(["id", "message", "room", "date"]);
    await sheet.open(never);
    await sheet.append([row(1, ["id", "message", "room", "date"])], never);
    const [, written] = await place.rows();
    assertEquals(written, [place.shown("=1"), "", idOf(1), "2026-03-01", "lobby"]);
    assertEquals((await sheet.find(new Set([idOf(1)]), undefined, never)).present.size, 1);
  });

  Deno.test(`${name} says which columns a header lacks, and writes nothing until it has them`, async () => {
    await using place = await start();
    await place.put([["time", "room", "username", "message", "id"]]);
    const columns = ["time", "account", "room", "username", "message", "id", "kind"];
    await using sheet = place.sheet(columns);
    const error = await assertRejects(() => sheet.open(never), SheetError, 'lacks "account", "kind"');
    assertEquals(error.kind, "setup");
    assertStringIncludes(error.message, "SHEET_COLUMNS");
    assertEquals((await place.rows()).length, 1);
  });
}

Deno.test("GoogleSheet writes dates as dates and texts as texts, into a tab that it gives widths and line breaks once", async () => {
  await using place = await GooglePlace.start();
  await using sheet = place.another({ header: COLUMNS });
  await sheet.open(never);
  await sheet.append([row(1)], never);
  const tab = place.google.tab("ChatLogs");
  // The days since 1899-12-30.
  assertEquals([0, 1, 2, 3].map((column) => tab.numberAt(1, column)), [
    undefined,
    46_082,
    undefined,
    undefined,
  ]);
  assertEquals([...tab.wrapped], [3]);
  assertEquals(tab.widths.get(3), 480);
  tab.wrapped.clear();
  await sheet.open(never);
  assertEquals([...tab.wrapped], [], "what people changed stays");
});

Deno.test("Service writes who was signed in, and what a reply answers, into the columns that SHEET_COLUMNS names", async () => {
  const sheetColumns = ["kind", "username", "account", "message", "reply_to", "timestamp", "id"];
  await using service = await startService({ sheetColumns });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const { id, timestamp } = await ada.say("who is there?");
  ada.send({ type: "chat_message", message: "me", client_id: "2", reply_to: id });
  const reply = await ada.next("chat_message", ({ message }) => message === "me");
  await ada.next("recorded", ({ ids }) => ids.includes(reply.id));
  assertEquals(await service.rows(), [
    sheetColumns,
    ["message", "ada", "", "who is there?", "", timestamp, id],
    ["message", "ada", "", "me", id, reply.timestamp, reply.id],
  ]);
  assertEquals(inRows(sheetColumns).at(-1), "id");
});

Deno.test("readConfig() names what is wrong with SHEET_COLUMNS", () => {
  for (const SHEET_COLUMNS of ["time,room", "id,id", "id,tiem", "id;time"]) {
    assertThrows(() => readConfig({ SHEET_COLUMNS }), ConfigError, "each once, and id among them");
  }
  assertEquals(readConfig({ SHEET_COLUMNS: "ID, time,\n" }).sheetColumns, ["id", "time"]);
});
