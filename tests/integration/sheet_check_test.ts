import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sheetCommand } from "../../routes/commands/sheet.ts";
import { Fullness } from "../../sheets/delivery/fullness.ts";
import { checkSheet } from "../../sheets/delivery/sheet_check.ts";
import { GoogleAccount } from "../../sheets/google/google_account.ts";
import { GoogleSheet } from "../../sheets/google/google_sheet.ts";
import type { Notice } from "../../sheets/sheet.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { startService, TOKEN } from "../support/service.ts";
import { GooglePlace, signInOf } from "../support/sheet_google.ts";
import { never, row } from "../support/sheet_rows.ts";

const html = {
  work: "undone",
  outcome: "answer",
  headers: { "content-type": "text/html" },
  body: "<h1>Sign in</h1>",
} as const;

/** What may be in the way, the code of the sentence, and the steps that are done by then. */
const TROUBLES: [name: string, code: string, done: number, break_: (place: GooglePlace) => unknown][] = [
  ["the key is wrong or deleted", "key_deleted", 0, ({ google }) => google.token.deleteKey()],
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
    assertEquals(place.google.rows("ChatLogs").length, 2);
  }
});

Deno.test("A check of the sheet notices a clock that is off by an hour, and a tab that is still to be made", async () => {
  await using google = await GoogleSheets.start({ now: () => Date.now() + 2 * 3_600_000 });
  await using account = new GoogleAccount({ signIn: signInOf(google), apiRoot: google.url });
  const sheet = new GoogleSheet({ spreadsheetId: google.spreadsheetId, tab: "ChatLogs", account });
  assertEquals((await checkSheet(sheet, never)).problem?.code, "clock");
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
