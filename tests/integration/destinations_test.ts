/** Rows that go to many tabs or files: each once and in order in its own, whatever happens to the others. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { type Clock, systemClock } from "../../rooms/clock.ts";
import { ConfigError, readConfig } from "../../routes/config.ts";
import { GOOGLE_PACE } from "../../sheets/delivery/pace.ts";
import { RequestBudget } from "../../sheets/google/request_budget.ts";
import { openSheet, type OwnSheet, type Sheets } from "../../sheets/open_sheet.ts";
import type { Fault } from "../fakes/google_faults.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import type { Tab } from "../fakes/google_tab.ts";
import { Client } from "../support/client.ts";
import { committer, startLog, type TestLog } from "../support/delivery.ts";
import { seeded } from "../support/random.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { never } from "../support/sheet_rows.ts";

/** The sheets of a configuration on the stand-in. */
function sheetsOn(google: GoogleSheets, googleSheetName: string, budget?: RequestBudget): Promise<Sheets> {
  const env = { GOOGLE_SHEET_ID: google.spreadsheetId, GOOGLE_CREDS_JSON: JSON.stringify(google.key) };
  return openSheet({ ...readConfig(env), googleSheetName, googleApiRoot: google.url }, () => {}, budget);
}

/** A log on tabs whose name has placeholders. */
async function start(
  google: GoogleSheets,
  name: string,
  options: { kv?: Deno.Kv; clock?: Clock; leaseClock?: Clock; pace?: typeof GOOGLE_PACE } = {},
): Promise<TestLog & { say: ReturnType<typeof committer> }> {
  const { kv, clock, pace } = options;
  const sheets = await sheetsOn(google, name, kv && clock && pace && new RequestBudget(kv, clock));
  const log = await startLog(sheets.open("unused", false), { ...options, sheets });
  return {
    ...log,
    say: committer(log.kv, log.outbox),
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      await sheets[Symbol.asyncDispose]();
    },
  };
}

function idsIn(google: GoogleSheets, tab: string): string[] {
  return idsOf(google.tab(tab));
}

function idsOf({ rows }: Tab): string[] {
  return rows.slice(1).map((row) => row[4]);
}

const TABS = Number(Deno.env.get("TABS") ?? 200);

const undone = { work: "undone", outcome: "answer" } as const;
const FAULTS: Fault[] = [
  { ...undone, status: 429 },
  { ...undone, status: 503 },
  { work: "done", outcome: "answer", status: 503 },
  { work: "done", outcome: "answer", status: 400 },
  { work: "done", outcome: "drop" },
  { work: "undone", outcome: "drop" },
  { work: "done", outcome: "half" },
];

Deno.test("Each message becomes one row of its room's tab, in order, through 60 kills, as many faults and moves of rooms, and is recorded only then", async () => {
  await using google = await GoogleSheets.start();
  const theirs = google.add("theirs");
  google.share("writer", "theirs");
  const random = seeded(13);
  const rooms = ["lobby", "聊天室", "hall", "class 1"];
  const said = new Map(rooms.map((room) => [room, [] as string[]]));
  const elsewhere = new Map([["theirs", [] as string[]], [google.spreadsheetId, []]]);
  let own: OwnSheet | undefined;
  const kv = await Deno.openKv(":memory:");
  const recorded = new Set<string>();
  for (let kill = 0; kill <= 60; kill++) {
    await using log = await start(google, "{room} {year}", { kv });
    for (let batch = 0; batch < 3; batch++) {
      const room = rooms[Math.floor(random() * rooms.length)];
      const place = room === "hall" && own ? elsewhere.get(own.spreadsheet) : said.get(room);
      place?.push(...await log.say(room, "a", "b"));
      if (random() < 0.2) {
        const spreadsheet = random() < 0.5 ? "theirs" : google.spreadsheetId;
        own = random() < 0.3 ? undefined : { spreadsheet, tab: "Own" };
        await log.delivery.roomSheets.move("hall", own);
      }
    }
    if (kill === 60) google.faults.clear();
    else google.faults.next("append", FAULTS[kill % FAULTS.length]);
    const drained = log.drained();
    // It is killed anywhere between the first request and the last.
    if (kill < 60 && kill % 3) await log.clock.wait(0, never);
    else await drained;
    for (const { recorded: rows } of log.settled) for (const { id } of rows) recorded.add(id);
    const standing = new Set([google.spreadsheet, theirs].flatMap(({ tabs }) => tabs.flatMap(idsOf)));
    for (const id of recorded) assert(standing.has(id), "recorded, and not in its tab");
  }
  kv.close();
  const year = new Date().getFullYear();
  for (const [room, ids] of said) assertEquals(idsIn(google, `${room} ${year}`), ids, room);
  assertEquals(idsIn(google, "Own"), elsewhere.get(google.spreadsheetId));
  assertEquals(theirs.tabs.flatMap(idsOf), elsewhere.get("theirs"));
  assert([...elsewhere.values()].every((ids) => ids.length > 4), "the room moved");
  assertEquals(recorded.size, [...said.values(), ...elsewhere.values()].flat().length);
});

Deno.test("A tab that nobody may write keeps no other room's rows, and gets its own in order once it may be written again", async () => {
  await using google = await GoogleSheets.start();
  await using log = await start(google, "{room}");
  const [first] = await log.say("closed", "a");
  const others = await log.say("open", "a");
  await log.drained();
  google.tab("closed").isProtected = true;
  const noticed = log.nextTrouble();
  const ids = [first, ...await log.say("closed", "b")];
  void log.drained();
  assertEquals((await noticed)?.state, "paused");
  for (let n = 0; n < 5; n++) {
    others.push(...await log.say("open", `${n}`));
    ids.push(...await log.say("closed", `${n}`));
    void log.drained();
    while (idsIn(google, "open").length < others.length) await log.clock.wait(0, never);
  }
  assertEquals(idsIn(google, "open"), others);
  assertEquals(idsIn(google, "closed"), [first]);
  assertEquals(log.flusher.status.state, "paused");
  assert(log.outbox.depth >= 6, "what waits is still there");
  google.tab("closed").isProtected = false;
  log.flusher.probe();
  await log.drained();
  assertEquals(idsIn(google, "closed"), ids);
  assertEquals(log.flusher.status.state, "idle");
  assertEquals(log.outbox.depth, 0);
  assertEquals(await log.outbox.newest(), "");
  assertEquals(log.delivery.settled >= await log.outbox.removedUpTo(), true);
});

Deno.test("Two hundred tabs are made, and written after a restart, within Google's quota, the one that waits longest first", async () => {
  const clock = new SwiftClock();
  const began = Date.now();
  await using google = await GoogleSheets.start({ now: () => began + clock.elapsed(), quotaPerMinute: 60 });
  const kv = await Deno.openKv(":memory:");
  const rooms = Array.from({ length: TABS }, (_, n) => `room ${n}`);
  const minutes: number[] = [];
  for (const times of [1, 2]) {
    await using log = await start(google, "{room}", {
      kv,
      clock,
      leaseClock: systemClock,
      pace: GOOGLE_PACE,
    });
    const before = clock.elapsed();
    for (const room of rooms) await log.say(room, "a", "b");
    await log.drained();
    for (const room of rooms) assertEquals(idsIn(google, room).length, 2 * times, room);
    assertEquals(log.troubles, []);
    minutes.push((clock.elapsed() - before) / 60_000);
  }
  kv.close();
  // deno-lint-ignore no-console -- figures, for those who ask for them
  if (Deno.env.has("TABS")) console.log({ minutes, requests: google.requests.length });
  // A new tab takes two writes; one that is there takes two reads: its header, and whether rows stand that waited at the start.
  for (const taken of minutes) assertLess(taken, 2 * TABS / 58 + 2);
  for (const kinds of [["get", "read"], ["append", "change"]]) {
    const times = google.requests.filter(({ operation }) => kinds.includes(operation)).map(({ at }) => at);
    const busiest = Math.max(...times.map((at) => times.filter((t) => at <= t && t < at + 60_000).length));
    assert(busiest <= 60, `${busiest} of ${kinds} in a minute`);
  }
  const made = google.spreadsheet.tabs.map(({ title }) => title).filter((title) => title !== "Sheet1");
  assertEquals(made, rooms);
});

Deno.test("An append that was in doubt under a version with two sheets is completed, not repeated", async () => {
  await using google = await GoogleSheets.start();
  const kv = await Deno.openKv(":memory:");
  const ids = await committer(kv, new Outbox(kv))("lobby", "a", "b");
  const [{ versionstamp }] = await Array.fromAsync(new Outbox(kv).after(""));
  {
    const sheets = await sheetsOn(google, "ChatLogs");
    const sheet = sheets.open("ChatLogs", false);
    await sheet.open(never);
    await sheet.append([["2026-03-01 10:00:00", "lobby", "ada", "a", ids[0]]], never);
    await sheets[Symbol.asyncDispose]();
    await kv.set(["log"], { settled: "", intent: versionstamp, mark: undefined, sheet: sheets.name });
  }
  {
    await using log = await start(google, "ChatLogs", { kv });
    await log.drained();
    assertEquals(idsIn(google, "ChatLogs"), ids);
  }
  kv.close();
});

Deno.test("Service begins a new CSV file with each month, and one of changes beside it", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService({ logCsvPath: `${directory.path}/{year}/Chat {month}.csv` });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const { id, timestamp } = await ada.say("hi");
  await ada.next("recorded", ({ ids }) => ids.includes(id));
  const days = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Taipei", dateStyle: "short" });
  const time = days.format(new Date(timestamp));
  const path = `${directory.path}/${time.slice(0, 4)}/Chat ${time.slice(0, 7)}.csv`;
  assert((await Deno.readTextFile(path)).endsWith(`hi,${id}\r\n`));
});

Deno.test("readConfig() says which words may stand in braces", () => {
  assertThrows(
    () => readConfig({ GOOGLE_SHEET_NAME: "Chat {day}" }),
    ConfigError,
    "{room}, {month}, {year} may stand",
  );
  assertThrows(() => readConfig({ GOOGLE_SHEET_NAME: "Chat {room" }), ConfigError, "may stand");
  assertThrows(() => readConfig({ LOG_CSV_PATH: "{room}.csv" }), ConfigError, "{month}, {year} may stand");
  assertEquals(readConfig({ GOOGLE_SHEET_NAME: "{room} {month}" }).googleSheetName, "{room} {month}");
});

Deno.test("A room whose name ends like a tab of changes has a tab of its own", async () => {
  await using google = await GoogleSheets.start();
  await using sheets = await sheetsOn(google, "{room}");
  const place = (room: string, isChange: boolean) => sheets.placeOf(room, "2026-03-01 10:00:00", isChange);
  const places = ["a", "a changes", "x".repeat(99)].flatMap((
    room,
  ) => [place(room, false), place(room, true)]);
  assertEquals(new Set(places.map((name) => name.toLowerCase())).size, 6);
  assert(places.every((name) => name.length <= 100));
});
