import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { GOOGLE_PACE } from "../../sheets/delivery/pace.ts";
import { LATEST_MS } from "../../sheets/delivery/late_appends.ts";
import type { Fault } from "../fakes/google_faults.ts";
import { SwiftClock } from "../fakes/clock.ts";
import type { GoogleSheets } from "../fakes/google_sheets.ts";
import { CHANGES_HEADER, idOf } from "../../sheets/sheet.ts";
import { startLog } from "../support/delivery.ts";
import { GooglePlace } from "../support/sheet_google.ts";
import { never } from "../support/sheet_rows.ts";

const undone = { work: "undone", outcome: "answer" } as const;

/** What may happen to an append, and still every message becomes one row. */
const PASSING: Record<string, Fault> = {
  "429 with Retry-After": { ...undone, status: 429, headers: { "retry-after": "7" } },
  "429 without Retry-After": { ...undone, status: 429 },
  "500": { ...undone, status: 500 },
  "502 with a page": {
    ...undone,
    status: 502,
    headers: { "content-type": "text/html" },
    body: "<h1>Bad</h1>",
  },
  "503": { ...undone, status: 503 },
  "503 although the rows were written": { work: "done", outcome: "answer", status: 503 },
  "a reply lost after the rows were written": { work: "done", outcome: "drop" },
  "a connection lost before": { work: "undone", outcome: "drop" },
  "half a reply": { work: "done", outcome: "half" },
};

for (const [name, fault] of Object.entries(PASSING)) {
  Deno.test(`Flusher writes each message and each change once, in order, through ${name}`, async () => {
    await using place = await GooglePlace.open();
    await using changes = place.another({ header: CHANGES_HEADER, tab: "ChatLogs changes" });
    await changes.open(never);
    await using log = await startLog(place.sheet, { changes });
    const ids = await log.commit("a", "b");
    const edits = await log.edit(ids[0]);
    // Some meet rows of the one tab, and some those of the other.
    place.google.faults.next("append", fault, 5);
    ids.push(...await log.commit("c"), ...await log.commit("d", "e"));
    edits.push(...await log.edit(ids[1], ids[2]), ...await log.edit(ids[3]));
    await log.drained();
    place.google.faults.clear();
    ids.push(...await log.commit("f"));
    edits.push(...await log.edit(ids[0]));
    await log.drained();
    assertEquals(place.ids(), ids);
    assertEquals(place.google.rows("ChatLogs changes").slice(1).map(idOf), edits);
    // The same trouble in other words may be told again.
    assertEquals(new Set(log.troubles.map((trouble) => trouble?.state)), new Set(["retrying", undefined]));
    assertEquals(log.troubles.at(-1), undefined);
    assertEquals(log.outbox.depth, 0);
  });
}

Deno.test("Flusher waits as long as Retry-After says, and else longer and longer, up to five minutes", async () => {
  await using place = await GooglePlace.open();
  const waits: number[] = [];
  class Noting extends SwiftClock {
    override wait(ms: number, signal: AbortSignal): Promise<void> {
      waits.push(ms);
      return super.wait(ms, signal);
    }
  }
  await using log = await startLog(place.sheet, { clock: new Noting() });
  place.google.faults.next("append", { ...undone, status: 429, headers: { "retry-after": "40" } });
  place.google.faults.next("append", { ...undone, status: 503 }, 12);
  await log.commit("a");
  await log.drained();
  const [first, ...others] = waits.filter((ms) => ms > 0 && ms !== 30_000);
  assertEquals(first, 40_000);
  assertEquals(others, [...others].sort((a, b) => a - b));
  assertEquals(others.at(-1), 150_000);
});

Deno.test("Flusher pauses on what only people can mend, says what, loses nothing, and goes on when it is mended", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const ids = await log.commit("a");
  await log.drained();
  place.google.share(undefined);
  const noticed = log.nextTrouble();
  ids.push(...await log.commit("b"));
  const drained = log.drained();
  const trouble = await noticed;
  assertEquals(trouble?.state, "paused");
  assertStringIncludes(trouble?.reason ?? "", `Share the spreadsheet`);
  assertStringIncludes(trouble?.reason ?? "", place.google.key.client_email);
  ids.push(...await log.commit("c"));
  place.google.share("writer");
  await drained;
  await log.drained();
  assertEquals(place.ids(), ids);
  assertEquals(log.flusher.status, { state: "idle" });
});

Deno.test("Flusher survives an hour without Google", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  await using log = await startLog(place.sheet, { clock });
  await place.google.network.refuse();
  const ids: string[] = [];
  const began = clock.elapsed();
  while (clock.elapsed() - began < 3_600_000) {
    ids.push(...await log.commit("m"));
    void log.drained();
    await log.clock.wait(60_000, new AbortController().signal);
  }
  assertEquals(log.flusher.status.state, "retrying");
  await place.google.network.listen();
  await log.drained();
  assertEquals(place.ids(), ids);
});

Deno.test("Flusher parks a row that Google refuses for ever, with its cause, and writes all others in order", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const poison = "x".repeat(50_001);
  const ids = await log.commit("a", "b", poison, "c", "d");
  await log.drained();
  assertEquals(place.ids(), [ids[0], ids[1], ids[3], ids[4]]);
  assertEquals(log.settled.flatMap(({ refused }) => refused.map(({ fields }) => fields.id)), [ids[2]]);
  assertStringIncludes(log.settled[0].refused[0].cause, "50,000 characters");
  assertEquals(log.outbox.depth, 0);
});

Deno.test("Flusher takes whole batches, up to 5,000 rows and 1.5 MB a request, never two requests at once", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  await place.google.network.refuse();
  const ids: string[] = [];
  for (let i = 0; i < 40; i++) {
    ids.push(...await log.commit(...Array.from({ length: 300 }, (_, j) => `m${i}.${j}`)));
  }
  for (let i = 0; i < 40; i++) ids.push(...await log.commit("字".repeat(20_000)));
  await place.google.network.listen();
  await log.drained();
  assertEquals(place.ids().length, ids.length);
  assertEquals(place.ids(), ids);
  const sizes = log.settled.map(({ recorded }) => recorded.length);
  assert(sizes.every((rows) => rows <= 5_000), `rows in a request: ${sizes}`);
  assert(log.settled.every(({ recorded }) => recorded.flat().join("").length * 3 <= 1_600_000));
});

Deno.test("Flusher stays within Google's quota however much is waiting, and drains 100,000 messages in 25 s", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  await using log = await startLog(place.sheet, { clock, pace: GOOGLE_PACE });
  await place.google.network.refuse();
  const texts = Array.from({ length: 250 }, (_, i) => `m${i}`);
  for (let i = 0; i < 400; i++) await log.commit(...texts);
  await place.google.network.listen();
  const times: number[] = [];
  const onRequest = (): void => void times.push(clock.elapsed());
  place.google.faults.next("append", { work: "done", outcome: "answer", onRequest }, Infinity);
  await log.drained();
  assert((times[times.length - 1] - times[0]) / 1000 < 25);
  for (let i = 0; i < 100; i++) {
    await log.commit("m");
    await log.drained();
  }
  assertEquals(place.ids().length, 100_100);
  assertEquals(place.ids(), place.ids().toSorted());
  for (const at of times) {
    assert(times.filter((other) => at <= other && other < at + 60_000).length <= 60);
  }
});

Deno.test("Two flushers on one database write each message once, one at a time", async () => {
  await using place = await GooglePlace.open();
  const kv = await Deno.openKv(":memory:");
  const other = place.another();
  const ids: string[] = [];
  {
    await using one = await startLog(place.sheet, { kv });
    await using two = await startLog(other, { kv });
    for (let i = 0; i < 30; i++) {
      ids.push(...await one.commit(`m${i}`));
      await Promise.race([one.drained(), two.drained()]);
    }
    await Promise.all([one.drained(), two.drained()]);
  }
  await other[Symbol.asyncDispose]();
  kv.close();
  assertEquals(place.ids(), ids);
});

Deno.test("Flusher takes out rows that Google wrote long after it had given them up", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  await using log = await startLog(place.sheet, { clock });
  const ids = await log.commit("a", "b");
  await log.drained();
  place.google.faults.next("append", { work: "late", outcome: "drop" });
  ids.push(...await log.commit("c", "d"));
  await log.drained();
  assertEquals(place.ids(), ids);
  await place.google.faults.finishLate();
  assertEquals(place.ids(), [...ids, ...ids.slice(2)], "now they stand twice");
  ids.push(...await log.commit("e"));
  await log.drained();
  // Three minutes later nothing can come any more.
  await clock.wait(LATEST_MS, never);
  await log.drained();
  await log.drained();
  assertEquals(place.ids(), ids);
});

Deno.test("Flusher takes out what a holder wrote that was paused in an append until another had taken over", async () => {
  await using place = await GooglePlace.open();
  const kv = await Deno.openKv(":memory:");
  const other = place.another();
  const clock = new SwiftClock();
  const ids: string[] = [];
  {
    const arrived = Promise.withResolvers<void>();
    await using paused = await startLog(place.sheet, { kv, clock });
    place.google.faults.next("append", { work: "late", outcome: "hang", onRequest: arrived.resolve });
    ids.push(...await paused.commit("a", "b"));
    void paused.drained();
    await arrived.promise;
    // Another process: it sees no sign of life from the first one's lease.
    await kv.set(["lease", "log"], "somebody else");
    await kv.set(["lease", "log", "token"], "somebody else");
    await kv.delete(["lease", "log"]);
    await using awake = await startLog(other, { kv, clock });
    await awake.drained();
    assertEquals(place.ids(), ids);
    await place.google.faults.finishLate();
    assertEquals(place.ids().length, 4);
    await clock.wait(LATEST_MS, never);
    await awake.drained();
    await awake.drained();
    assertEquals(place.ids(), ids);
  }
  await other[Symbol.asyncDispose]();
  kv.close();
});

/** What people do to the tab while we write. */
const BY_HAND: Record<string, (rows: string[][]) => string[][]> = {
  "sorted, newest first": (rows) => rows.toSorted((a, b) => b[4].localeCompare(a[4])),
  "with rows inserted": (rows) => [["note", "by", "hand", "!", "-"], ...rows, ["at", "the", "end", "!", "-"]],
  "with rows deleted above": (rows) => rows.slice(2),
};

for (const [name, change] of Object.entries(BY_HAND)) {
  Deno.test(`Flusher finds its rows after a lost reply in a tab ${name}`, async () => {
    await using place = await GooglePlace.open();
    await using log = await startLog(place.sheet);
    const known = await log.commit("a", "b", "c", "d");
    await log.drained();
    const tab = place.google.tab("ChatLogs");
    const arrived = Promise.withResolvers<void>();
    place.google.faults.next("append", { work: "done", outcome: "drop", onRequest: arrived.resolve });
    // The read that verifies waits until somebody has been at the tab.
    const edit = (): void => {
      const [header, ...rows] = tab.rows;
      tab.rows = [header, ...change(rows)];
    };
    place.google.faults.next("read", { work: "undone", outcome: "drop", onRequest: edit });
    const ids = await log.commit("e", "f");
    await log.drained();
    const last = await log.commit("g");
    await log.drained();
    const standing = place.ids();
    for (const id of [...ids, ...last]) assertEquals(standing.filter((other) => other === id), [id]);
    assertEquals(known.slice(2).every((id) => standing.includes(id)), true);
  });
}

Deno.test("Flusher pauses when the tab is renamed, makes no new one, and goes on when it has its name back", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const ids = await log.commit("a");
  await log.drained();
  place.google.tab("ChatLogs").title = "Renamed";
  const noticed = log.nextTrouble();
  ids.push(...await log.commit("b"));
  const drained = log.drained();
  assertStringIncludes((await noticed)?.reason ?? "", `The tab "ChatLogs" is missing`);
  const tried = place.google.requests.length;
  while (place.google.requests.length < tried + 4) await log.clock.wait(0, never);
  assertEquals(place.google.spreadsheet.tab("ChatLogs"), undefined);
  place.google.tab("Renamed").title = "ChatLogs";
  await drained;
  assertEquals(place.ids(), ids);
});

Deno.test("Flusher pauses when the tab is deleted, and goes on in an empty one that somebody makes", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  await log.commit("gone with the tab");
  await log.drained();
  const { tabs } = place.google.spreadsheet;
  const [deleted] = tabs.splice(tabs.indexOf(place.google.tab("ChatLogs")), 1);
  const noticed = log.nextTrouble();
  const ids = await log.commit("b");
  const drained = log.drained();
  assertStringIncludes((await noticed)?.reason ?? "", "make a tab of that name");
  deleted.rows = [];
  tabs.push(deleted);
  await drained;
  assertEquals(place.google.rows("ChatLogs").map((row) => row[4]), ["id", ...ids]);
});

Deno.test("Flusher pauses when the spreadsheet is full, and goes on when there is room", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const ids = await log.commit("a");
  await log.drained();
  const tab = place.google.tab("ChatLogs");
  const { rowCount } = tab;
  tab.rowCount = 2_000_000;
  const noticed = log.nextTrouble();
  ids.push(...await log.commit("b"));
  const drained = log.drained();
  assertStringIncludes((await noticed)?.reason ?? "", "The spreadsheet is full");
  tab.rowCount = rowCount;
  await drained;
  assertEquals(place.ids(), ids);
});

Deno.test("Flusher goes on when its token expires or is revoked in mid-run", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    ids.push(...await log.commit(`m${i}`));
    await log.drained();
    place.google.token.revokeTokens();
  }
  assertEquals(place.ids(), ids);
  assertEquals(log.troubles, []);
});

Deno.test("Flusher keeps a header that people have changed", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const ids = await log.commit("a");
  await log.drained();
  place.google.tab("ChatLogs").rows[0] = ["時間", "聊天室", "暱稱", "訊息", "編號"];
  ids.push(...await log.commit("b"));
  await log.drained();
  assertEquals(place.ids(), ids);
  assertEquals(place.google.rows("ChatLogs")[0][0], "時間");
});

/** What may be wrong with the account or the spreadsheet, and what the operator reads. */
const SETUP: Record<
  string,
  [spoil: (google: GoogleSheets) => void, mend: (google: GoogleSheets) => void, said: string]
> = {
  "the sheet isn't shared": [(g) => g.share(undefined), (g) => g.share("writer"), "Share the spreadsheet"],
  "the sheet is shared for reading only": [
    (g) => g.share("reader"),
    (g) => g.share("writer"),
    "Share the spreadsheet",
  ],
  "the sheet is deleted": [(g) => g.isDeleted = true, (g) => g.isDeleted = false, "There is no spreadsheet"],
  "the API is disabled": [
    (g) => g.isEnabled = false,
    (g) => g.isEnabled = true,
    "Enable the Google Sheets API",
  ],
};

for (const [name, [spoil, mend, said]] of Object.entries(SETUP)) {
  Deno.test(`Flusher pauses and loses nothing while ${name}`, async () => {
    await using place = await GooglePlace.open();
    await using log = await startLog(place.sheet);
    const ids = await log.commit("a");
    await log.drained();
    spoil(place.google);
    const noticed = log.nextTrouble();
    ids.push(...await log.commit("b"));
    const drained = log.drained();
    const trouble = await noticed;
    assertEquals(trouble?.state, "paused");
    assertStringIncludes(trouble?.reason ?? "", said);
    mend(place.google);
    await drained;
    assertEquals(place.ids(), ids);
  });
}

const TOKEN_FAULTS: Record<string, Fault> = {
  "refuses with 500": { ...undone, status: 500 },
  "can't be reached": { work: "undone", outcome: "drop" },
  "hangs": { work: "undone", outcome: "hang" },
};

for (const [name, fault] of Object.entries(TOKEN_FAULTS)) {
  Deno.test(`Flusher goes on after the token endpoint ${name}`, async () => {
    await using place = await GooglePlace.open({ timeoutMs: 2_000 });
    await using log = await startLog(place.sheet);
    place.google.token.revokeTokens();
    place.google.faults.next("token", fault, 2);
    const ids = await log.commit("a", "b");
    await log.drained();
    assertEquals(place.ids(), ids);
  });
}

Deno.test("Flusher goes on when the time of day jumps back by hours", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  await using log = await startLog(place.sheet, { clock });
  const ids = await log.commit("a");
  await log.drained();
  clock.jump(-7_200_000);
  place.google.faults.next("append", { work: "done", outcome: "drop" });
  ids.push(...await log.commit("b"));
  await log.drained();
  assertEquals(place.ids(), ids);
});

Deno.test("Flusher writes a dead letter when it is asked to, once Google takes it", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  place.google.faults.next("append", { ...undone, status: 400 });
  const [id] = await log.commit("a");
  await log.drained();
  assertEquals(place.ids(), []);
  assertEquals((await log.delivery.deadLetters.list()).map(({ fields }) => fields.id), [id]);
  // Refused once more.
  place.google.faults.next("append", { ...undone, status: 400 });
  assertEquals(await log.delivery.deadLetters.retry(id), 1);
  await log.drained();
  assertEquals((await log.delivery.deadLetters.list()).length, 1);
  await log.delivery.deadLetters.retry(undefined);
  await log.drained();
  assertEquals(place.ids(), [id]);
  assertEquals(await log.delivery.deadLetters.list(), []);
  assertEquals(log.settled.at(-1)?.recorded.map(({ id }) => id), [id]);
});

Deno.test("Flusher parks refused rows of any size and script, and many of them", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  await place.google.network.refuse();
  for (let i = 0; i < 20; i++) await log.commit("字".repeat(20_000), "x".repeat(400));
  place.google.faults.next("append", { ...undone, status: 400 }, Infinity);
  await place.google.network.listen();
  await log.drained();
  assertEquals((await log.delivery.deadLetters.list()).length, 40);
  place.google.faults.clear();
  const ids = await log.commit("good");
  await log.drained();
  assertEquals(place.ids(), ids);
});
