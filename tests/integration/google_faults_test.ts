import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { SheetError, type SheetErrorKind } from "../../sheets/sheet.ts";
import type { Fault, Operation } from "../fakes/google_faults.ts";
import { failure, GooglePlace } from "../support/sheet_google.ts";
import { idOf, never, row, rows } from "../support/sheet_rows.ts";

const poison = row(1, "nobody may read this in a log");

const hour = new Date(Date.now() + 3_600_000).toUTCString();
const html = {
  headers: { "content-type": "text/html" },
  body: "<html><title>502 Bad Gateway</title></html>",
};
const busy: [name: string, Operation, Omit<Fault, "work" | "outcome">, leastMs: number, mostMs: number][] = [
  ["429", "append", { status: 429 }, 0, 0],
  ["429 with seconds to wait", "append", { status: 429, headers: { "retry-after": "30" } }, 30_000, 30_000],
  [
    "429 with a time to wait for",
    "append",
    { status: 429, headers: { "retry-after": hour } },
    3_590_000,
    3_600_000,
  ],
  ["429 with nonsense to wait for", "append", { status: 429, headers: { "retry-after": "soon" } }, 0, 0],
  ["500", "append", { status: 500 }, 0, 0],
  ["502 with a page", "append", { status: 502, ...html }, 0, 0],
  ["503 with seconds to wait", "append", { status: 503, headers: { "retry-after": "2" } }, 2_000, 2_000],
  ["503 from the token endpoint", "token", { status: 503, ...html }, 0, 0],
];
for (const [name, operation, fault, leastMs, mostMs] of busy) {
  Deno.test(`GoogleSheet.append() takes ${name} for a busy Google, after one request`, async () => {
    await using place = await GooglePlace.open();
    if (operation === "token") place.google.token.revokeTokens();
    place.google.faults.next(operation, { work: "undone", outcome: "answer", ...fault });
    const error = await failure(place.sheet.append([poison], never), poison);
    assertKind(error, "busy");
    assert(leastMs <= error.retryAfterMs && error.retryAfterMs <= mostMs, `${error.retryAfterMs} ms`);
    assertEquals(place.ids(), []);
    await place.sheet.append([poison], never);
    assertEquals(place.ids(), [poison[4]]);
  });
}

Deno.test("GoogleSheet.append() can't know what stands after a 503, so find() is asked", async () => {
  await using place = await GooglePlace.open();
  place.google.faults.next("append", { work: "done", outcome: "answer", status: 503 });
  assertKind(await failure(place.sheet.append([poison], never), poison), "busy");
  const { present } = await place.sheet.find(new Set([poison[4]]), undefined, never);
  assertEquals(present.size, 1);
});

const setups: [name: string, break_: (place: GooglePlace) => void, words: string[]][] = [
  ["the sheet isn't shared", ({ google }) => google.share(undefined), ["talksheet@stand-in", "Editor"]],
  ["the sheet is shared for reading", ({ google }) => google.share("reader"), [
    "talksheet@stand-in",
    "Editor",
  ]],
  ["the API is switched off", ({ google }) => google.isEnabled = false, ["Enable the Google Sheets API"]],
  ["the spreadsheet is deleted", ({ google }) => google.isDeleted = true, ["no spreadsheet", "1StandIn"]],
  ["the tab is renamed", ({ google }) => google.tab("ChatLogs").title = "Old", ['"ChatLogs" is missing']],
  ["the tab is deleted", ({ google }) => google.spreadsheet.deleteTab("ChatLogs"), ['"ChatLogs" is missing']],
  ["the key is deleted", ({ google }) => google.token.deleteKey(), ["make a new key", "talksheet@stand-in"]],
  ["the spreadsheet is full", ({ google }) => {
    google.spreadsheet.addTab("Full", 10_000_000 - 26_000 - 10, 1);
  }, ["10 million cells"]],
];
for (const [name, breakIt, words] of setups) {
  Deno.test(`GoogleSheet.append() tells the operator what to do when ${name}`, async () => {
    await using place = await GooglePlace.open();
    breakIt(place);
    const error = await failure(place.sheet.append([poison], never), poison);
    assertKind(error, "setup");
    for (const word of words) assertStringIncludes(error.message, word);
  });
}

Deno.test("GoogleSheet.open() tells the operator whom to share the sheet with", async () => {
  await using place = await GooglePlace.start();
  place.google.share(undefined);
  const error = await failure(place.sheet.open(never), poison);
  assertKind(error, "setup");
  assertStringIncludes(error.message, "1StandIn with talksheet@stand-in.iam.gserviceaccount.com as Editor");
  place.google.share("writer");
  await place.sheet.open(never);
});

Deno.test("GoogleSheet.open() tells the operator that the clock is wrong", async () => {
  await using place = await GooglePlace.start({ now: () => Date.now() + 86_400_000 });
  const error = await failure(place.sheet.open(never), poison);
  assertKind(error, "setup");
  assertStringIncludes(error.message, "clock");
});

Deno.test("GoogleSheet.append() takes a 403 about the rate for a busy Google", async () => {
  await using place = await GooglePlace.open();
  const body = JSON.stringify({
    error: { code: 403, message: "Rate", errors: [{ reason: "rateLimitExceeded" }] },
  });
  place.google.faults.next("append", { work: "undone", outcome: "answer", status: 403, body });
  assertKind(await failure(place.sheet.append([poison], never), poison), "busy");
});

Deno.test("GoogleSheet.append() gives up on a token that is refused twice", async () => {
  await using place = await GooglePlace.open();
  place.google.faults.next("append", { work: "undone", outcome: "answer", status: 401 }, 2);
  assertKind(await failure(place.sheet.append([poison], never), poison), "setup");
  assertEquals(place.google.requests.filter(({ operation }) => operation === "append").length, 2);
});

Deno.test("GoogleSheet.append() refuses rows that Google will never take, and only those", async () => {
  await using place = await GooglePlace.open();
  const tooLong = row(2, "字".repeat(50_001));
  const error = await failure(place.sheet.append([row(1), tooLong], never), tooLong);
  assertKind(error, "refused");
  assertStringIncludes(error.message, "50,000");
  assertEquals(place.ids(), []);
  await place.sheet.append([row(1, "字".repeat(50_000))], never);
  assertEquals(place.ids(), [idOf(1)]);
});

Deno.test("GoogleSheet.append() never repeats what Google says of a refused row", async () => {
  await using place = await GooglePlace.open();
  const body = JSON.stringify({
    error: {
      code: 400,
      status: "INVALID_ARGUMENT",
      message: `Invalid value at 'data.values[0]': "${poison[3]}"`,
    },
  });
  place.google.faults.next("append", { work: "undone", outcome: "answer", status: 400, body });
  assertKind(await failure(place.sheet.append([poison], never), poison), "refused");
});

const unknowns: [name: string, Operation, Fault][] = [
  ["closes the connection before", "append", { work: "undone", outcome: "drop" }],
  ["closes the connection after", "append", { work: "done", outcome: "drop" }],
  ["breaks off in the middle of its answer", "append", { work: "done", outcome: "half" }],
  ["answers with a page", "append", { work: "done", outcome: "answer", ...html }],
  ["is silent", "append", { work: "done", outcome: "hang" }],
  ["gives no token and is silent", "token", { work: "undone", outcome: "hang" }],
];
for (const [name, operation, fault] of unknowns) {
  Deno.test(`GoogleSheet.append() doesn't say that anything is decided when Google ${name}`, async () => {
    await using place = await GooglePlace.open({ timeoutMs: 2_000 });
    if (operation === "token") place.google.token.revokeTokens();
    place.google.faults.next(operation, fault);
    const error = await failure(place.sheet.append([poison], never), poison);
    assert(!(error instanceof SheetError), `It is a SheetError: ${error.message}`);
    assertStringIncludes(error.message, "Google");
    assertEquals(place.ids(), fault.work === "done" ? [poison[4]] : []);
  });
}

Deno.test("GoogleSheet doesn't take somebody else's page for an empty tab", async () => {
  await using place = await GooglePlace.open();
  const mark = await place.sheet.append([poison], never);
  place.google.faults.next("read", { work: "undone", outcome: "answer", status: 200, ...html }, 2);
  await failure(place.sheet.find(new Set([poison[4]]), mark, never), poison);
  await failure(place.sheet.open(never), poison);
  assertEquals(place.ids(), [poison[4]]);
});

Deno.test("GoogleSheet goes on when Google can be reached again", async () => {
  await using place = await GooglePlace.open();
  await place.google.network.refuse();
  const error = await failure(place.sheet.append([poison], never), poison);
  assert(!(error instanceof SheetError));
  assert(!error.message.includes("1StandIn"), error.message);
  place.google.network.listen();
  await place.sheet.append([poison], never);
  assertEquals(place.ids(), [poison[4]]);
});

Deno.test("GoogleSheet's rows may land after it gave up on them", async () => {
  await using place = await GooglePlace.open({ timeoutMs: 2_000 });
  place.google.faults.next("append", { work: "late", outcome: "hang" });
  await failure(place.sheet.append([poison], never), poison);
  assertEquals((await place.sheet.find(new Set([poison[4]]), undefined, never)).present.size, 0);
  await place.google.faults.finishLate();
  assertEquals((await place.sheet.find(new Set([poison[4]]), undefined, never)).present.size, 1);
});

Deno.test("GoogleSheet learns of Google's quota from Google, and of its end", async () => {
  let now = Date.now();
  await using place = await GooglePlace.open({ quotaPerMinute: 5, now: () => now });
  const used = place.google.requests.filter(({ operation }) => operation === "change").length;
  for (let n = used; n < 5; n++) await place.sheet.append([row(n)], never);
  assertKind(await failure(place.sheet.append([poison], never), poison), "busy");
  now += 60_000;
  await place.sheet.append(rows(10, 12), never);
  assertGreater(place.ids().length, 3);
});

function assertKind(error: Error, kind: SheetErrorKind): asserts error is SheetError {
  assert(error instanceof SheetError, `Not a SheetError: ${error.message}`);
  assertEquals(error.kind, kind, error.message);
}
