import { assert, assertEquals } from "@std/assert";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { LATEST_MS } from "../../sheets/delivery/late_appends.ts";
import type { GoogleSheet } from "../../sheets/google/google_sheet.ts";
import { CHANGES_HEADER, idOf } from "../../sheets/sheet.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { committer, startLog, type TestLog } from "../support/delivery.ts";
import { GooglePlace } from "../support/sheet_google.ts";
import { never } from "../support/sheet_rows.ts";

Deno.test("Flusher finds what a 503 hid, though the tab was sorted so that the last known row stands where it stood", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const ids = await log.commit("a", "b", "c");
  await log.drained();
  const tab = place.google.tab("ChatLogs");
  place.google.faults.next("append", { work: "done", outcome: "answer", status: 503 });
  const sort = (): void => {
    const [header, ...rows] = tab.rows;
    tab.rows = [header, ...rows.toReversed()];
  };
  place.google.faults.next("read", { work: "undone", outcome: "drop", onRequest: sort });
  ids.push(...await log.commit("d", "e"));
  await log.drained();
  assertEquals(place.ids(), ids.toReversed());
  ids.unshift(...(await log.commit("f")).toReversed());
  await log.drained();
  assertEquals(place.ids().toSorted(), ids.toSorted());
});

Deno.test("Flusher takes out doubles in a tab that was sorted so that the last known row stands where it stood", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  await using log = await startLog(place.sheet, { clock });
  const ids = await log.commit("a", "b", "c");
  await log.drained();
  place.google.faults.next("append", { work: "late", outcome: "drop" });
  ids.push(...await log.commit("d", "e"));
  await log.drained();
  const tab = place.google.tab("ChatLogs");
  const [header, ...rows] = tab.rows;
  tab.rows = [header, ...rows.toReversed()];
  await place.google.faults.finishLate();
  assertEquals(place.ids().length, 7);
  await cleaned(log, clock);
  assertEquals(place.ids(), ids.toReversed());
});

Deno.test("Flusher takes out doubles of a slice whose ids don't ascend, because two processes' clocks differ", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  const kv = await Deno.openKv(":memory:");
  const outbox = new Outbox(kv);
  const ids = await committer(kv, outbox, () => Date.now() + 500)("lobby", "a", "b");
  ids.push(...await committer(kv, outbox)("lobby", "c", "d"));
  assert(ids[0] > ids[3]);
  place.google.faults.next("append", { work: "late", outcome: "drop" });
  {
    await using log = await startLog(place.sheet, { kv, clock });
    await log.drained();
    await place.google.faults.finishLate();
    assertEquals(place.ids(), [...ids, ...ids]);
    await cleaned(log, clock);
    assertEquals(place.ids(), ids);
  }
  kv.close();
});

Deno.test("Flusher waits for a late append as long as ever, though the time of day jumps five minutes", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  await using log = await startLog(place.sheet, { clock });
  place.google.faults.next("append", { work: "late", outcome: "drop" });
  const ids = await log.commit("a", "b");
  await log.drained();
  clock.jump(300_000);
  ids.push(...await log.commit("c"));
  await log.drained();
  await log.drained();
  await place.google.faults.finishLate();
  assertEquals(place.ids().length, 5);
  await cleaned(log, clock);
  assertEquals(place.ids(), ids);
});

for (const tab of ["ChatLogs", "ChatLogs changes"]) {
  const kind = tab === "ChatLogs" ? "message" : "change";
  for (const status of [400, 401, 403, 404, 409]) {
    Deno.test(`Flusher writes each ${kind} once though Google answers ${status} to an append that it has carried out`, async () => {
      await using place = await GooglePlace.open();
      await using changes = await changesOf(place);
      await using log = await startLog(place.sheet, { changes });
      const { ids, write } = await writer(log, tab);
      place.google.faults.next("append", { work: "done", outcome: "answer", status });
      await write(3);
      await write(1);
      assertEquals(place.google.rows(tab).slice(1).map(idOf), ids);
      assertEquals(await log.delivery.deadLetters.list(), []);
      const recorded = log.settled.flatMap(({ recorded }) => recorded.map(({ id }) => id));
      if (kind === "message") assertEquals(recorded, ids);
    });
  }

  Deno.test(`Flusher takes out each ${kind} that Google wrote again, long after it had given it up`, async () => {
    await using place = await GooglePlace.open();
    await using changes = await changesOf(place);
    const clock = new SwiftClock();
    await using log = await startLog(place.sheet, { changes, clock });
    const { ids, write } = await writer(log, tab);
    place.google.faults.next("append", { work: "late", outcome: "drop" });
    await write(2);
    await write(1);
    await place.google.faults.finishLate();
    assertEquals(place.google.rows(tab).slice(1).length, ids.length + 2);
    await cleaned(log, clock);
    assertEquals(place.google.rows(tab).slice(1).map(idOf), ids);
  });
}

Deno.test("Flusher tells nobody that rows stand when Google answers 200 and has added none, and goes on when it does", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  const body = JSON.stringify({ spreadsheetId: "1StandIn", updates: { updatedRange: "ChatLogs!A2:E3" } });
  place.google.faults.next("append", { work: "undone", outcome: "answer", status: 200, body }, 3);
  const ids = await log.commit("a", "b", "c");
  await log.drained();
  assertEquals(place.ids(), ids);
  assertEquals(log.settled.flatMap(({ recorded }) => recorded.map(({ id }) => id)), ids);
});

Deno.test("Flusher delivers at once while taking out doubles is refused, and takes them out when it isn't", async () => {
  await using place = await GooglePlace.open();
  const waits: number[] = [];
  class Noting extends SwiftClock {
    override wait(ms: number, signal: AbortSignal): Promise<void> {
      waits.push(ms);
      return super.wait(ms, signal);
    }
  }
  const clock = new Noting();
  await using log = await startLog(place.sheet, { clock });
  place.google.faults.next("append", { work: "late", outcome: "drop" });
  const ids = await log.commit("a", "b");
  await log.drained();
  await place.google.faults.finishLate();
  await log.drained();
  const troubles = log.troubles.length;
  place.google.faults.next("change", { work: "undone", outcome: "answer", status: 400 }, Infinity);
  await clock.wait(LATEST_MS, never);
  await log.drained();
  assert(log.choresFailed.length > 0);
  waits.length = 0;
  for (const text of ["c", "d", "e"]) {
    ids.push(...await log.commit(text));
    await log.drained();
    assertEquals(log.flusher.status, { state: "idle" });
  }
  // None but those of somebody who has nothing to do.
  assertEquals(waits.filter((ms) => ms > 0 && ms !== 30_000), []);
  assertEquals(log.troubles.length, troubles);
  assertEquals(place.ids().length, 7);
  place.google.faults.clear();
  await clock.wait(60_000, never);
  await log.drained();
  await log.drained();
  assertEquals(place.ids(), ids);
});

Deno.test("Flusher gives a tab that is made again between two appends its header, and writes each message once", async () => {
  await using place = await GooglePlace.open();
  await using log = await startLog(place.sheet);
  await log.commit("gone with the tab");
  await log.drained();
  place.google.spreadsheet.deleteTab("ChatLogs");
  place.google.spreadsheet.addTab("ChatLogs");
  const ids = await log.commit("a", "b");
  await log.drained();
  ids.push(...await log.commit("c"));
  await log.drained();
  assertEquals(place.google.rows("ChatLogs").map((row) => row[4]), ["id", ...ids]);
});

async function changesOf(place: GooglePlace): Promise<GoogleSheet> {
  const changes = place.another({ header: CHANGES_HEADER, tab: "ChatLogs changes" });
  await changes.open(never);
  return changes;
}

/** Writes rows of a tab, of changes those of one message; `ids` are all that ought to stand there. */
async function writer(
  log: TestLog,
  tab: string,
): Promise<{ ids: string[]; write: (count: number) => Promise<void> }> {
  const [said] = await log.commit("said");
  const ids = tab === "ChatLogs" ? [said] : await log.edit(said);
  await log.drained();
  const write = async (count: number): Promise<void> => {
    ids.push(
      ...tab === "ChatLogs"
        ? await log.commit(...Array(count).fill("more"))
        : await log.edit(...Array(count).fill(said)),
    );
    await log.drained();
  };
  return { ids, write };
}

/** Waits until nothing can come late any more, and until what stands twice has been taken out. */
async function cleaned(log: TestLog, clock: SwiftClock): Promise<void> {
  await log.drained();
  await clock.wait(LATEST_MS, never);
  await log.drained();
  await log.drained();
}
