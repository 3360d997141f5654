/** Rows that prove themselves, in a file and in what was exported from a Google Sheet. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sheetCommand } from "../../routes/commands/sheet.ts";
import { toCsv } from "../../sheets/csv_text.ts";
import { verify } from "../../sheets/verify.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { backend } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { parseCsv, startService, temporaryDirectory, TOKEN } from "../support/service.ts";

const COLUMNS = ["time", "date", "room", "username", "message", "id", "proof"];
const TEXTS = ["早安", "=1+1", 'a "quote", and\r\ntwo lines', "-5", "four", "five", "six"];

/** What somebody does to a file, and which row is named first. */
const TAMPERING: [name: string, tamper: (rows: string[][]) => unknown, first: RegExp | undefined][] = [
  ["nothing", () => {}, undefined],
  ["sorting", (rows) => rows.push(...rows.splice(1).reverse()), undefined],
  ["rows of people", (rows) => rows.splice(3, 0, ["a note"], [], ["", "", "", "x"]), undefined],
  [
    "a column of people",
    (rows) => rows.forEach((row, at) => row.splice(2, 0, at ? "fine" : "mood")),
    undefined,
  ],
  ["moved columns", (rows) => rows.forEach((row) => row.reverse()), undefined],
  ["other words", (rows) => rows[3][4] = "something else", /^Row 4 was altered/],
  ["another name", (rows) => rows[1][3] = "bo", /^Row 2 was altered/],
  ["another day", (rows) => rows[7][1] = "2020-01-01", /^Row 8 was altered/],
  [
    "another id",
    (rows) => rows[2][5] = rows[2][5].replace(/.$/, (last) => last === "0" ? "1" : "0"),
    /^Row 3 was altered/,
  ],
  ["a row taken out", (rows) => rows.splice(4, 1), /^Row 5 follows one or more rows that were removed/],
  ["the first row taken out", (rows) => rows.splice(1, 1), /^Row 2 follows/],
  ["a row put in", (rows) => rows.splice(3, 0, rows[7].with(4, "never said")), /^Row 4 was put in/],
  [
    "a row without a proof",
    (rows) => rows.splice(3, 0, rows[7].with(4, "never said").with(6, "")),
    /^Row 4 was put in/,
  ],
  ["a row twice", (rows) => rows.push([...rows[2]]), /^Row 10 was put in/],
  ["a row's proof at another", (rows) => rows[3] = rows[3].with(6, rows[5][6]), /^Row 4 was put in/],
];

Deno.test("A file proves its rows offline: what was altered, removed or put in is named, and nothing that people may do", async () => {
  await using service = await startService({ sheetColumns: COLUMNS });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  for (const text of TEXTS) {
    const { id } = await ada.say(text);
    if (text.length > 4) await ada.next("recorded", ({ ids }) => ids.includes(id));
  }
  const { id } = await ada.say("seven");
  await ada.next("recorded", ({ ids }) => ids.includes(id));
  await using directory = await temporaryDirectory();
  const [file, key] = [`${directory.path}/a.csv`, `${directory.path}/proof.key`];
  const lines: string[] = [];
  const around = { url: service.url, serviceToken: TOKEN, complain: assert };
  assertEquals(await sheetCommand(["key"], { ...around, print: (line) => void lines.push(line) }), 0);
  await Deno.writeTextFile(key, `${lines[0]}\n`);
  const run = async (text: string, ...args: string[]): Promise<[number, string]> => {
    await Deno.writeTextFile(file, text);
    const printed: string[] = [];
    const status = await verify([file, ...args], (line) => void printed.push(line));
    return [status, printed.join("\n")];
  };
  const text = await Deno.readTextFile(`${service.directory}/ChatLogs.csv`);
  for (const [name, tamper, first] of TAMPERING) {
    const rows = parseCsv(text);
    tamper(rows);
    const [status, said] = await run(toCsv(rows));
    assertEquals(status, first ? 1 : 0, `${name}: ${said}`);
    assertMatch(said, first ?? /^8 rows are as they were written$/, name);
  }
  const [, ...rows] = parseCsv(text);
  const translated = toCsv([["時間", "日期", "聊天室", "使用者", "訊息", "識別碼", "證明"], ...rows]);
  assertEquals((await run(translated))[0], 2);
  assertEquals((await run(translated, key, `--columns=${COLUMNS}`))[0], 0);
  await Deno.writeTextFile(key, "0".repeat(64));
  assertEquals((await run(text))[0], 1);
  await Deno.remove(key);
  assertStringIncludes((await run(text))[1], "deno task sheet key prints it");

  // As people run it, with no other permission.
  await Deno.writeTextFile(key, lines[0]);
  await Deno.writeTextFile(file, text.replace("four", "fair"));
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--allow-read=${directory.path}`, "sheets/verify.ts", file],
    cwd: new URL("../../", import.meta.url),
  }).output();
  assertEquals(code, 1);
  assertMatch(
    new TextDecoder().decode(stdout),
    /^Row 6 was altered: [0-9A-Z]{26}\n7 rows are as they were written, 1 aren't\n/,
  );
});

Deno.test("A Google Sheet proves its rows, to the service and in an export, through refused rows, retries and changes", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startService({
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
    sheetColumns: COLUMNS,
  });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada&batch=1");
  const say = async (text: string): Promise<string> => {
    const { id } = await ada.say(text);
    await ada.next("recorded", ({ ids }) => ids.includes(id));
    return id;
  };
  const first = await say("one");
  google.faults.next("append", { work: "undone", outcome: "answer", status: 400 });
  const refused = await ada.say("refused");
  await ada.next("not_recorded", ({ ids }) => ids.includes(refused.id));
  google.faults.next("append", { work: "done", outcome: "drop" });
  await say("two");
  await backend(service.url).ask("POST", "/api/log/retry", {});
  await ada.next("recorded", ({ ids }) => ids.includes(refused.id));
  await say("three");
  const verdict = async (): Promise<unknown> =>
    (await backend(service.url).ask("POST", "/api/log/verify", {})).body.unproven;
  assertEquals(await verdict(), []);
  const { body: { key } } = await backend(service.url).ask("GET", "/api/log/key");
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/proof.key`, key);
  const file = `${directory.path}/ChatLogs.csv`;
  const lines: string[] = [];
  await Deno.writeTextFile(file, toCsv(google.rows("ChatLogs")));
  assertEquals(await verify([file], (line) => void lines.push(line)), 0);
  assertEquals(lines, ["4 rows are as they were written"]);
  // The words of a message that was deleted in the chat are known to nobody; its row still is what it was.
  await backend(service.url).ask("DELETE", `/api/rooms/lobby/messages/${first}`);
  await ada.next("message_deleted", ({ id }) => id === first);
  google.rows("ChatLogs")[1][4] = "never said";
  assertEquals(await verdict(), [first]);
});
