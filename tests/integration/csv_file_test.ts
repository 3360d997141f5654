import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CsvFile } from "../../sheets/csv_file.ts";
import { toCsv } from "../../sheets/csv_text.ts";
import { HEADER, type Row, SheetError } from "../../sheets/sheet.ts";
import { CsvPlace as Place } from "../support/sheet_csv.ts";
import { idOf, never, parseCsv, row, rows } from "../support/sheet_rows.ts";

Deno.test("toCsv() quotes as RFC 4180 says and ends every row with CRLF", () => {
  const sent: Row = ["t", "a,b", 'say "hi"', "one\ntwo", "1"];
  assertEquals(toCsv([sent, sent]), 't,"a,b","say ""hi""","one\ntwo",1\r\n'.repeat(2));
});

Deno.test("toCsv() puts an apostrophe before what a spreadsheet would run", () => {
  const run = ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "\nx", "\u0085x", '"=1', '""+1'];
  run.push(
    "＝1",
    "＋1",
    "－1",
    "＠a",
    "﹦1",
    " =1",
    "  ＝1",
    "\u3000=1",
    "\n+1",
    "\u00a0-1",
    '" @a',
    "\ufeff=1",
  );
  for (const cell of run) assertEquals(shownAs(cell), `'${cell}`);
  for (const cell of ["1=1", "'=1", "a-b", " a", "聊天＝室", "", " "]) assertEquals(shownAs(cell), cell);
});

function shownAs(cell: string): string {
  return parseCsv(toCsv([["t", "r", "u", cell, "1"]]))[0][3];
}

for (const columns of [HEADER, ["id", ...HEADER.slice(0, -1)]]) {
  Deno.test(`CsvFile.append() completes a row that a crash tore, wherever it broke (${columns})`, async () => {
    await using place = new Place();
    const csv = (rows: readonly Row[]) =>
      toCsv(rows.map((row) => columns.map((name) => row[HEADER.indexOf(name)])));
    const torn = [row(3, 'he said "聊天",\r\nand left "…"\n'), row(4)];
    const whole = csv([HEADER, ...rows(1, 2)]);
    const bytes = new TextEncoder().encode(csv(torn));
    for (let length = 0; length < bytes.length; length++) {
      await Deno.writeTextFile(place.path, whole);
      await Deno.writeFile(place.path, bytes.subarray(0, length), { append: true });
      // Whoever comes back after a crash: it looks which rows stand, and appends the others.
      const file = new CsvFile({ path: place.path, header: columns });
      await file.open(never, { position: 0, id: idOf(2) });
      const { present } = await file.find(new Set([idOf(3), idOf(4)]), undefined, never);
      const missing = torn.filter((row) => !present.has(row[4]));
      if (missing.length) await file.append(missing, never);
      const mark = await file.append([row(5)], never);
      assertEquals(await place.read(), whole + csv([...torn, row(5)]), `after ${length} bytes`);
      assertEquals((await file.find(new Set([idOf(5)]), mark, never)).last, mark);
    }
    assertEquals(place.notices, []);
  });
}

Deno.test("CsvFile.append() ends a last row that lacks only its line end, as editors leave it", async () => {
  await using place = new Place();
  const all = toCsv([HEADER, row(1), row(2, 'said "聊天",\n')]);
  for (const end of ["", "\r"]) {
    await Deno.writeTextFile(place.path, all.trimEnd() + end);
    await place.file.open(never);
    await place.file.append([row(3)], never);
    assertEquals(await place.read(), all + toCsv([row(3)]));
  }
});

Deno.test("CsvFile.open() writes the header anew when a crash left half of it, with and without a byte order mark", async () => {
  await using place = new Place();
  for (const mark of ["", "\ufeff"]) {
    const header = new TextEncoder().encode(mark + toCsv([HEADER]));
    for (let length = 1; length <= header.length; length++) {
      await Deno.writeFile(place.path, header.subarray(0, length));
      await place.file.open(never);
      assertEquals(await Deno.readFile(place.path), header);
    }
  }
});

Deno.test("CsvFile begins a new file with a byte order mark unless it is told not to, and leaves others as they are", async () => {
  await using place = new Place();
  await place.file.open(never);
  await place.file.append([row(1)], never);
  assertEquals((await Deno.readFile(place.path)).subarray(0, 4), Uint8Array.of(0xef, 0xbb, 0xbf, 0x74));
  const other = new CsvFile({ path: `${place.directory}/plain.csv`, bom: false });
  await other.open(never);
  assertEquals((await Deno.readFile(`${place.directory}/plain.csv`))[0], 0x74);
  const old = new CsvFile({ path: `${place.directory}/plain.csv` });
  await old.open(never);
  await old.append([row(1)], never);
  assertEquals(await Deno.readTextFile(`${place.directory}/plain.csv`), toCsv([HEADER, row(1)]));
});

Deno.test("CsvFile.open() leaves a file alone whose quote is never closed", async () => {
  await using place = new Place();
  const text = toCsv([HEADER, row(1)]) + `t,lobby,ada,"${"rows that stand\r\n".repeat(100_000)}`;
  await Deno.writeTextFile(place.path, text);
  const error = await assertRejects(() => place.file.open(never), SheetError, "never ends");
  assertEquals(error.kind, "setup");
  assertEquals(await place.read(), text);
});

Deno.test("CsvFile.append() makes the file again when it was deleted or emptied meanwhile", async () => {
  await using place = new Place();
  await place.file.open(never);
  await place.file.append([row(1)], never);
  await Deno.remove(place.directory, { recursive: true });
  await place.file.append([row(2)], never);
  assertEquals(await place.ids(), [idOf(2)]);
  await Deno.truncate(place.path);
  await place.file.append([row(3)], never);
  assertEquals(await place.ids(), [idOf(3)]);
  await Deno.rename(place.path, `${place.path}.1`);
  await place.file.append([row(4)], never);
  assertEquals(await place.ids(), [idOf(4)]);
});

Deno.test("CsvFile.append() doesn't count rows that went into a file without a name", async () => {
  await using place = new Place();
  await place.file.open(never);
  {
    using _ = patch("syncData", () => Deno.remove(place.path));
    await assertRejects(() => place.file.append([row(1)], never), Error, "replaced");
  }
  assertEquals((await place.file.find(new Set([idOf(1)]), undefined, never)).present.size, 0);
  await place.file.append([row(1)], never);
  assertEquals(await place.ids(), [idOf(1)]);
});

type Change = (place: Place, before: string) => Promise<void>;

/** What may come between the bytes of an append and its end, and whether the row still stands then. */
const MEANWHILE: Record<string, [change: Change, stands: boolean]> = {
  "an editor overwrites the file in place": [({ path }, before) => Deno.writeTextFile(path, before), false],
  "an editor puts a new file in its place": [async ({ path }, before) => {
    await Deno.writeTextFile(`${path}~`, before);
    await Deno.rename(`${path}~`, path);
  }, false],
  "an editor saves a longer file": [({ path }, before) => {
    return Deno.writeTextFile(path, before + "a,longer,note\r\n".repeat(20));
  }, false],
  "somebody adds a note": [({ path }) => Deno.writeTextFile(path, "a note\n", { append: true }), true],
};

for (const [what, [change, stands]] of Object.entries(MEANWHILE)) {
  Deno.test(`CsvFile.append() says of no row that it stands when ${what} at that very moment, and none is lost or doubled`, async () => {
    await using place = new Place();
    await place.file.open(never);
    const mark = await place.file.append([row(1)], never);
    const before = await Deno.readTextFile(place.path);
    {
      using _ = patch("syncData", () => change(place, before));
      await assertRejects(() => place.file.append([row(2)], never), Error, "replaced or changed");
    }
    const { present } = await place.file.find(new Set([idOf(2)]), mark, never);
    assertEquals(present.size, stands ? 1 : 0);
    if (!stands) await place.file.append([row(2)], never);
    await place.file.append([row(3)], never);
    const text = await place.read();
    for (const n of [1, 2, 3]) assertEquals(text.split(idOf(n)).length, 2, text);
  });
}

Deno.test("CsvFile.append() doubles no row when somebody adds a note between its look and its bytes", async () => {
  await using place = new Place();
  await place.file.open(never);
  await place.file.append([row(1)], never);
  {
    let isFirst = true;
    using _ = patch("write", async (file, write, bytes) => {
      if (isFirst) {
        isFirst = false;
        await Deno.writeTextFile(place.path, "a note\r\n", { append: true });
      }
      return await write.call(file, bytes);
    });
    await assertRejects(() => place.file.append([row(2)], never), Error, "replaced or changed");
  }
  assertEquals((await place.file.find(new Set([idOf(2)]), undefined, never)).present.size, 1);
  await place.file.append([row(3)], never);
  assertEquals(await place.read(), `${toCsv([HEADER, row(1)])}a note\r\n${toCsv(rows(2, 3))}`);
});

Deno.test("CsvFile.append() writes nothing over rows that somebody else wrote, until it has looked", async () => {
  await using place = new Place();
  await place.file.open(never);
  const other = new CsvFile({ path: place.path });
  await other.open(never);
  const mark = await place.file.append([row(1)], never);

  await assertRejects(() => other.append([row(1)], never), Error, "somebody else");
  const { present } = await other.find(new Set([idOf(1)]), undefined, never);
  assertEquals(present, new Set([idOf(1)]));
  await other.append([row(2)], never);
  await assertRejects(() => place.file.append([row(2)], never), Error, "somebody else");
  assertEquals((await place.file.find(new Set([idOf(2)]), mark, never)).present.size, 1);
  assertEquals(await place.ids(), [idOf(1), idOf(2)]);
});

Deno.test("CsvFile.append() takes back what a full disk cut short, and goes on when there is room", async () => {
  await using place = new Place();
  await place.file.open(never);
  await place.file.append([row(1)], never);
  {
    using _ = patch("write", async (file, write, bytes) => {
      if (bytes.length < 100) throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
      return await write.call(file, bytes.subarray(0, bytes.length - 99));
    });
    const error = await assertRejects(
      () => place.file.append(rows(2, 9), never),
      SheetError,
      "the disk is full",
    );
    assertEquals(error.kind, "busy");
  }
  assertEquals(await place.ids(), [idOf(1)]);
  await place.file.append(rows(2, 9), never);
  assertEquals(await place.ids(), rows(1, 9).map((row) => row[4]));
});

Deno.test("CsvFile.find() reads a file that a spreadsheet saved: bare line feeds, everything quoted", async () => {
  await using place = new Place();
  const saved = rows(1, 3).map((row) => row.map((cell) => `"${cell}"`).join(",") + "\n");
  await Deno.writeTextFile(place.path, HEADER.join(",") + "\n" + saved.join(""));
  await place.file.open(never);
  const { present, last } = await place.file.find(new Set([idOf(1), idOf(3)]), undefined, never);
  assertEquals(present, new Set([idOf(1), idOf(3)]));
  await place.file.append([row(4)], never);
  const after = await place.file.find(new Set([idOf(3), idOf(4)]), last, never);
  assertEquals(after.present.size, 2);
});

Deno.test("CsvFile.find() reads rows that lie across its buffer's end, wherever that is", async () => {
  await using place = new Place();
  await place.file.open(never);
  // Ids that differ in front, so that the first half of one can't be mistaken for another's.
  const short = Array.from(
    { length: 100_000 },
    (_, n): Row => ["t", "lobby", "ada", "hi", `${n}-${idOf(0)}`],
  );
  const long = Array.from({ length: 60 }, (_, n) => row(200_000 + n, "字\n".repeat(10_000 + n)));
  const mark = await place.file.append(short, never);
  await place.file.append(long, never);
  const all = new Set([...short, ...long].map((row) => row[4]));
  assertEquals((await place.file.find(all, undefined, never)).present.size, 100_060);
  const behind = new Set([mark.id, ...long.map((row) => row[4])]);
  assertEquals((await place.file.find(behind, mark, never)).present.size, 61);
});

for (
  const [what, pathIn, words] of [
    ["is a directory", (directory: string) => directory, "is a directory"],
    ["leads through a file", (directory: string) => `${directory}/a_file/ChatLogs.csv`, "is a file"],
    ["may not be written", () => "/sys/ChatLogs.csv", "may not write there"],
  ] as const
) {
  Deno.test({
    name: `CsvFile.open() tells the operator when its path ${what}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using place = new Place();
      await Deno.writeTextFile(`${place.directory}/a_file`, "");
      const path = pathIn(place.directory);
      const error = await assertRejects(() => new CsvFile({ path }).open(never), SheetError);
      assertEquals(error.kind, "setup");
      assertStringIncludes(error.message, path);
      assertStringIncludes(error.message, words);
    },
  });
}

Deno.test("CsvFile keeps every row that it reported, once and in order, through kill -9", async () => {
  await using place = new Place();
  let reported = 0;
  for (const linesToRead of [1, 3, 2, 5, 1, 4]) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-read", "--allow-write", "--no-lock", WRITER, place.path, String(reported + 1)],
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream());
    let text = "";
    for await (const chunk of lines) {
      text += chunk;
      if (text.split("\n").length > linesToRead) break;
    }
    child.kill("SIGKILL");
    await child.status;
    reported = Math.max(reported, Number(text.trim().split("\n").pop()));

    const file = new CsvFile({ path: place.path });
    await file.open(never);
    const ids = await place.ids();
    assert(ids.length >= reported, `${reported} rows were reported, ${ids.length} stand`);
    assertEquals(ids, rows(1, ids.length).map((row) => row[4]));
    reported = ids.length;
  }
});

const WRITER = new URL("../support/sheet_csv_writer.ts", import.meta.url).href;

type Method = "write" | "syncData";
// deno-lint-ignore no-explicit-any -- stands in for two methods of different shapes
type Patched = (file: Deno.FsFile, original: (...args: any[]) => any, bytes: Uint8Array) => unknown;

/** Replaces a method of open files until disposed of: a disk that misbehaves. */
function patch(method: Method, replacement: Patched): Disposable {
  const original = Deno.FsFile.prototype[method];
  Object.assign(Deno.FsFile.prototype, {
    [method](this: Deno.FsFile, bytes: Uint8Array) {
      return replacement(this, original, bytes);
    },
  });
  return { [Symbol.dispose]: () => void Object.assign(Deno.FsFile.prototype, { [method]: original }) };
}
