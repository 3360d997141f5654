import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { sheetCommand } from "../../routes/commands/sheet.ts";
import { Fullness } from "../../sheets/delivery/fullness.ts";
import { checkSheet } from "../../sheets/delivery/sheet_check.ts";
import { readConfig } from "../../routes/config.ts";
import { openSheet } from "../../sheets/open_sheet.ts";
import type { Notice } from "../../sheets/sheet.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { Client } from "../support/client.ts";
import { startService, TOKEN } from "../support/service.ts";
import { GooglePlace } from "../support/sheet_google.ts";
import { never, row } from "../support/sheet_rows.ts";

const html = {
  work: "undone",
  outcome: "answer",
  headers: { "content-type": "text/html" },
  body: "<h1>Sign in</h1>",
} as const;

/** What may be in the way, the code of the sentence, and the steps that are done by then; a missing key is told at the start. */
const TROUBLES: [name: string, code: string, done: number, break_: (place: GooglePlace) => unknown][] = [
  ["the key is wrong", "key_wrong", 0, ({ google }) => google.token.refuseSignatures()],
  ["the key is deleted", "key_deleted", 0, ({ google }) => google.token.deleteKey()],
  ["the clock is off by an hour", "clock", 0, ({ google }) => google.token.hurry()],
  ["the tab is missing", "no_tab", 2, ({ google }) => google.spreadsheet.deleteTab("ChatLogs")],
  ["the API is off", "api_off", 0, ({ google }) => google.isEnabled = false],
  ["the spreadsheet isn't shared", "not_shared", 0, ({ google }) => google.share(undefined)],
  ["the spreadsheet is shared for reading", "not_shared", 3, ({ google }) => google.share("reader")],
  ["the id is wrong", "no_spreadsheet", 0, ({ google }) => google.isDeleted = true],
  ["the organisation keeps the account out", "policy", 0, ({ google }) => google.isClosed = true],
  ["the tab is protected", "protected", 2, ({ google }) => google.tab("ChatLogs").isProtected = true],
  ["the header lacks a column", "header", 2, ({ google }) => google.rows("ChatLogs")[0].pop()],
  [
    "the spreadsheet is full",
    "full",
    3,
    ({ google }) => fill(google),
  ],
  ["there is no network", "network", 0, ({ google }) => google.network.refuse()],
  [
    "a proxy asks to sign in",
    "proxy",
    0,
    ({ google }) => google.faults.next("get", { ...html, status: 403 }),
  ],
  [
    "a page answers for Google",
    "proxy",
    0,
    ({ google }) => google.faults.next("get", { ...html, status: 200 }),
  ],
  ["a proxy answers for the sign-in", "proxy", 0, ({ google }) => {
    google.token.revokeTokens();
    google.faults.next("token", { ...html, status: 407 });
  }],
  [
    "Google is busy",
    "busy",
    0,
    ({ google }) => google.faults.next("get", { work: "undone", outcome: "answer", status: 503 }),
  ],
];

/** Adds a tab with all the cells that are left. */
function fill({ spreadsheet }: GoogleSheets): void {
  const used = spreadsheet.tabs.reduce((sum, { rowCount, columnCount }) => sum + rowCount * columnCount, 0);
  spreadsheet.addTab("Full", 10_000_000 - used, 1);
}

const LANGUAGES = ["en", "zh-Hant"].map((language) => {
  return JSON.parse(
    Deno.readTextFileSync(new URL(`../../static/languages/${language}.json`, import.meta.url)),
  );
});

Deno.test("A check of the sheet says what to do about each thing that may be in the way, in both languages, and leaves nothing behind", async () => {
  for (const [name, code, done, breakIt] of TROUBLES) {
    await using place = await GooglePlace.open();
    await place.sheet.append([row(1)], never);
    await breakIt(place);
    const check = await checkSheet(place.sheet, never);
    assertEquals([check.problem?.code, check.done.length], [code, done], name);
    for (const words of LANGUAGES) {
      const sentence: string = words[`sheet.check_${code}`];
      const known = { ...check.problem?.values, month: "{month}" };
      for (const [, value] of sentence.matchAll(/\{(\w+)\}/g)) assert(value in known, `${name}: no ${value}`);
    }
    assertEquals(place.google.spreadsheet.tab("talksheet check"), undefined);
    assertEquals(place.google.rows("ChatLogs").length, code === "no_tab" ? 0 : 2);
  }
});

Deno.test("A service without a key says at its start which file isn't there", async () => {
  const config = readConfig({ GOOGLE_SHEET_ID: "x", GOOGLE_CREDS_PATH: "no/creds.json" });
  await assertRejects(
    () => openSheet(config, () => {}),
    TypeError,
    "The key file no/creds.json isn't there.",
  );
});

Deno.test("A check of the sheet takes no offence at a tab that is still to be made", async () => {
  await using place = await GooglePlace.start();
  assertEquals(await checkSheet(place.sheet, never), {
    done: ["sign_in", "spreadsheet", "tab", "write", "read", "delete"],
  });
  assertEquals(place.google.spreadsheet.tabs.map(({ title }) => title), ["Sheet1"]);
});

Deno.test("deno task sheet check prints what works and what to do, and ends with 1 where rows can't be written", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startService({
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
  });
  const run = async (): Promise<[number, string[]]> => {
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    return [
      await sheetCommand(["check"], { url: service.url, serviceToken: TOKEN, print, complain: print }),
      lines,
    ];
  };
  const [status, lines] = await run();
  assertEquals([status, lines.length, lines.at(-1)], [0, 7, "Rows can be written"]);
  // What only the one who writes knows.
  await using client = await Client.enter(service.url, "lobby", "?username=ada");
  const { id } = await client.say("one");
  await client.next("recorded", ({ ids }) => ids.includes(id));
  google.spreadsheet.deleteTab("ChatLogs");
  await client.say("two");
  const isWell = async (): Promise<boolean> =>
    (await (await fetch(`${service.url}/healthz`)).json()).status === "ok";
  while (await isWell()) await new Promise((resolve) => setTimeout(resolve, 20));
  assertStringIncludes((await run())[1].at(-1) ?? "", 'The tab "ChatLogs" is missing');
  google.share(undefined);
  const [failed, [sentence]] = await run();
  assertEquals(failed, 1);
  assertStringIncludes(sentence, `Share the spreadsheet ${google.spreadsheetId} with`);
});

Deno.test("Fullness tells the operator at 70 and at 90 percent, once each, and how to go on", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  const notices: Notice[] = [];
  const fullness = new Fullness({ sheet: place.sheet, clock, noticed: (notice) => notices.push(notice) });
  const { spreadsheet } = place.google;
  const percents: number[] = [];
  for (const rows of [1, 7_000_000, 1_000_000, 1_500_000, 1]) {
    spreadsheet.addTab(`of ${rows} rows, ${percents.length}`, rows, 1);
    await clock.wait(600_000, never);
    await fullness.tick(never);
    await fullness.tick(never);
    percents.push(fullness.percent);
  }
  assertEquals(percents, [0, 70, 80, 95, 95]);
  assertEquals(notices.map(({ code }) => code), ["sheet_full", "sheet_full"]);
  assertStringIncludes(notices[0].message, "70 %");
  assertStringIncludes(notices[1].message, "{month}");
});
