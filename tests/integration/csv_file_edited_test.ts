import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { toCsv } from "../../sheets/csv_text.ts";
import { HEADER, type Row, type RowPosition, SheetError } from "../../sheets/sheet.ts";
import { Client } from "../support/client.ts";
import { CsvPlace } from "../support/sheet_csv.ts";
import { startService, temporaryDirectory, TOKEN } from "../support/service.ts";
import { idOf, never, row, rows } from "../support/sheet_rows.ts";

const two = 'two\r\n"lines"';
const all = [row(1), row(2, two), row(3), row(4, "with, a comma"), row(5)];

/** What people and their programs make of the file between two starts, and where rows can go on behind it. */
const SAFE: Record<string, (text: string) => string> = {
  "with a quote in the middle of a cell": (text) => text.replace("message 3", 'message "3'),
  "with a quote at the beginning of a cell, which another one closes": (text) =>
    text.replace("message 1", '"message 1'),
  "saved with CR only": (text) => text.replaceAll("\r\n", "\r"),
  "saved with LF only": (text) => text.replaceAll("\r\n", "\n"),
  "without its last line end": (text) => text.trimEnd(),
  "with a note behind the last row": (text) => `${text}a note`,
  "with a note of two lines behind the last row": (text) => `${text}a note\n,,,on two lines`,
  "with a note that ends as rows do": (text) => `${text}2026-03-01 10:00:00,lobby,\r\n`,
  "with a message changed": (text) => text.replace("message 3", "MESSAGE 3, but longer"),
  "with a row taken out": (text) => text.replace(toCsv([row(3)]), ""),
  "with a column behind": (text) => text.replaceAll("\r\n", ",note\r\n"),
  "with a byte order mark": (text) => `\ufeff${text}`,
  "with cells quoted that need no quotes": (text) => text.replaceAll("lobby", '"lobby"'),
};

for (const [how, change] of Object.entries(SAFE)) {
  Deno.test(`CsvFile leaves a file ${how} as it is, and goes on behind it`, async () => {
    await using place = new CsvPlace();
    const mark = await filled(place);
    const edited = change(await place.read());
    await Deno.writeTextFile(place.path, edited);
    const file = place.another();
    await file.open(never, mark);
    assertEquals((await file.find(new Set([idOf(5), idOf(6)]), mark, never)).present, new Set([idOf(5)]));
    const sixth = await file.append([row(6)], never);
    const seventh = await file.append([row(7)], never);
    const text = await Deno.readTextFile(place.path);
    assertEquals(text.slice(0, edited.length), edited);
    const added = text.slice(edited.length);
    assertEquals(added.replace(/^(\r\n|\n)/, ""), toCsv([row(6), row(7)]));
    for (const [n, mark] of [[6, sixth], [7, seventh]] as const) {
      assertEquals((await file.find(new Set([idOf(n)]), mark, never)).last, mark);
    }
    assertEquals(place.notices, []);
  });

  Deno.test(`CsvFile goes on behind a file that is found ${how} while it is written to`, async () => {
    await using place = new CsvPlace();
    await filled(place);
    const edited = change(await place.read());
    await Deno.writeTextFile(place.path, edited);
    await place.file.append([row(6)], never);
    const text = await Deno.readTextFile(place.path);
    assertEquals(text.slice(0, edited.length), edited);
    assertEquals(text.slice(edited.length).replace(/^(\r\n|\n)/, ""), toCsv([row(6)]));
    assertEquals(place.notices, []);
  });
}

/** What leaves no place where a row can stand. */
const UNSAFE: Record<
  string,
  [change: (text: string) => string, mend: (text: string) => string, said: string]
> = {
  "the second half of a row of two lines is taken out": [
    // No quote of a later row closes it.
    (text) => text.replace(`""lines""",${idOf(2)}\r\n`, "").replace(toCsv([all[3]]), ""),
    (text) => text.replace("two\r\n", `two",${idOf(2)}\r\n`),
    "never ends",
  ],
  "a note behind the last row opens a quote": [
    (text) => `${text}"a note`,
    (text) => `${text}"`,
    "never ends",
  ],
};

for (const [how, [change, mend, said]] of Object.entries(UNSAFE)) {
  Deno.test(`CsvFile says what to do and changes nothing while ${how}, then goes on`, async () => {
    await using place = new CsvPlace();
    const mark = await filled(place);
    const edited = change(await place.read());
    await Deno.writeTextFile(place.path, edited);
    for (const file of [place.file, place.another()]) {
      await file.open(never, mark);
      const error = await assertRejects(() => file.append([row(6)], never), SheetError, said);
      assertEquals(error.kind, "setup");
      assertStringIncludes(error.message, place.path);
      assertEquals(await place.read(), edited);
    }
    await Deno.writeTextFile(place.path, mend(edited));
    await place.file.append([row(6)], never);
    const text = await place.read();
    assertStringIncludes(text, mend(edited));
    assertEquals(text.endsWith(toCsv([row(6)])), true);
    assertEquals(place.notices, []);
  });
}

Deno.test("CsvFile says what to do and changes nothing while the file is UTF-16", async () => {
  await using place = new CsvPlace();
  await filled(place);
  const text = await place.read();
  const saved = new Uint8Array(
    Uint16Array.from([0xfeff, ...Array.from(text, (c) => c.charCodeAt(0))]).buffer,
  );
  await Deno.writeFile(place.path, saved);
  const error = await assertRejects(() => place.file.append([row(6)], never), SheetError, "UTF-8");
  assertEquals(error.kind, "setup");
  assertEquals(await Deno.readFile(place.path), saved);
});

/** What takes the rows away that stood, and what stands afterwards besides the new row. */
const GONE: Record<string, [change: (place: CsvPlace) => Promise<void>, left: number[], said: string]> = {
  "moved away": [({ path }) => Deno.rename(path, `${path}.1`), [], "was moved, deleted or emptied"],
  "deleted": [({ path }) => Deno.remove(path), [], "was moved, deleted or emptied"],
  "emptied": [({ path }) => Deno.truncate(path), [], "was moved, deleted or emptied"],
  "rotated away, with a new one in its place": [
    async ({ path }) => {
      await Deno.rename(path, `${path}.1`);
      await Deno.writeTextFile(path, "");
    },
    [],
    "was moved, deleted or emptied",
  ],
  "overwritten in place with an older copy": [
    async (place) => {
      await Deno.writeTextFile(place.path, (await place.read()).split(toCsv([row(3)]))[0]);
    },
    [1, 2],
    "somebody took rows out",
  ],
  "replaced by an editor with an older copy": [
    async (place) => {
      await Deno.writeTextFile(`${place.path}~`, (await place.read()).split(toCsv([row(3)]))[0]);
      await Deno.rename(`${place.path}~`, place.path);
    },
    [1, 2],
    "somebody took rows out",
  ],
  "replaced by an older copy of the very same length": [
    async (place) => {
      const text = await place.read();
      await Deno.writeTextFile(place.path, text.replace(idOf(5), idOf(9)));
      await Deno.utime(place.path, new Date(), new Date(Date.now() + 5_000));
    },
    [1, 2, 3, 4, 9],
    "somebody took rows out",
  ],
};

for (const [how, [change, left, said]] of Object.entries(GONE)) {
  for (const when of ["while it is written to", "between two starts"] as const) {
    Deno.test(`CsvFile tells the operator once that the file was ${how} ${when}, and loses no later row`, async () => {
      await using place = new CsvPlace();
      const mark = await filled(place);
      await change(place);
      const file = when === "between two starts" ? place.another() : place.file;
      if (when === "between two starts") await file.open(never, mark);
      await file.append([row(6)], never);
      await file.append([row(7)], never);
      assertEquals(await place.ids(), [...left, 6, 7].map(idOf));
      assertEquals(place.notices.map(({ code }) => code), ["rows_missing"]);
      assertStringIncludes(place.notices[0].message, said);
      assertStringIncludes(place.notices[0].message, place.path);
    });
  }
}

Deno.test("Service loses no row of a file whose row of two lines was cut in half by hand, says so, and goes on", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/ChatLogs.csv`;
  {
    await using service = await startService({}, directory.path);
    await using ada = await Client.enter(service.url, "lobby", "?username=ada");
    let last = "";
    for (let i = 1; i <= 40; i++) last = (await ada.say(i === 5 ? "first half\nsecond half" : `m${i}`)).id;
    await ada.next("recorded", ({ ids }) => ids.includes(last));
  }
  const whole = await Deno.readTextFile(path);
  const lines = whole.split("\n");
  const second = lines.splice(lines.findIndex((line) => line.startsWith("second half")), 1);
  await Deno.writeTextFile(path, lines.join("\n"));

  await using service = await startService({}, directory.path);
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const { id } = await ada.say("after");
  let health = await healthOf(service.url);
  while (health.status === "ok") health = await healthOf(service.url);
  assertEquals(health.sheet.state, "paused");
  assertStringIncludes(String(health.reason), "never ends: close its quotes");
  assertEquals(await Deno.readTextFile(path), lines.join("\n"), "nothing is cut");
  assertEquals(ada.all("recorded"), [], "nothing is told that isn't so");

  await Deno.writeTextFile(path, whole);
  assertEquals(second.length, 1);
  const headers = { authorization: `Bearer ${TOKEN}` };
  await (await fetch(`${service.url}/api/log/retry`, { method: "POST", headers, body: "{}" })).body?.cancel();
  await ada.next("recorded", ({ ids }) => ids.includes(id));
  const text = await Deno.readTextFile(path);
  assertEquals(text.slice(0, whole.length), whole);
  assertEquals((await service.rows()).length, 42);
});

Deno.test("Service says in /healthz that the file was moved away, and writes on", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const first = await ada.say("before");
  await ada.next("recorded", ({ ids }) => ids.includes(first.id));
  assertEquals((await healthOf(service.url)).status, "ok");
  await Deno.rename(`${service.directory}/ChatLogs.csv`, `${service.directory}/ChatLogs.csv.1`);
  const second = await ada.say("after");
  await ada.next("recorded", ({ ids }) => ids.includes(second.id));
  const { status, reason, sheet } = await healthOf(service.url);
  assertEquals([status, sheet.notice.code], ["degraded", "rows_missing"]);
  assertStringIncludes(String(reason), "was moved, deleted or emptied");
  assertEquals((await service.rows()).slice(1).map((row) => row[4]), [second.id]);
});

Deno.test("Service that goes over to another file takes no rows for missing", async () => {
  await using directory = await temporaryDirectory();
  for (const name of ["one", "two"]) {
    await using service = await startService({ logCsvPath: `${directory.path}/${name}.csv` }, directory.path);
    await using ada = await Client.enter(service.url, "lobby", "?username=ada");
    const { id } = await ada.say(name);
    await ada.next("recorded", ({ ids }) => ids.includes(id));
    assertEquals((await healthOf(service.url)).status, "ok");
    assertEquals((await service.rows()).slice(1).map((row) => row[4]), [id]);
  }
});

Deno.test("Service says after a restart that the file was moved away meanwhile, and writes on", async () => {
  await using directory = await temporaryDirectory();
  for (const status of ["ok", "degraded"]) {
    await using service = await startService({}, directory.path);
    await using ada = await Client.enter(service.url, "lobby", "?username=ada");
    const { id } = await ada.say("hi");
    await ada.next("recorded", ({ ids }) => ids.includes(id));
    assertEquals((await healthOf(service.url)).status, status);
    assertEquals((await service.rows()).slice(1).map((row) => row[4]), [id]);
    await Deno.rename(`${directory.path}/ChatLogs.csv`, `${directory.path}/old.csv`);
  }
});

async function filled(place: CsvPlace): Promise<RowPosition> {
  await place.file.open(never);
  const mark = await place.file.append(all as Row[], never);
  assertEquals((await place.ids()).length, rows(1, 5).length);
  assertEquals(await place.read(), toCsv([HEADER, ...all]));
  return mark;
}

// deno-lint-ignore no-explicit-any -- a test reads what it needs of it
async function healthOf(url: string): Promise<any> {
  return await (await fetch(`${url}/healthz`)).json();
}
