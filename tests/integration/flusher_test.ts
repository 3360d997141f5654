import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Fault } from "../fakes/google_faults.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { startLog } from "../support/log.ts";
import { GooglePlace } from "../support/sheet_google.ts";

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
  Deno.test(`Flusher writes each message once, in order, through ${name}`, async () => {
    await using place = await GooglePlace.open();
    await using log = await startLog(place.sheet);
    const ids = await log.commit("a", "b");
    place.google.faults.next("append", fault, 3);
    ids.push(...await log.commit("c"), ...await log.commit("d", "e"));
    await log.drained();
    place.google.faults.clear();
    ids.push(...await log.commit("f"));
    await log.drained();
    assertEquals(place.ids(), ids);
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
  assertEquals(log.settled.flatMap(({ dead }) => dead.map(({ row }) => row[4])), [ids[2]]);
  assertStringIncludes(log.settled[0].dead[0].cause, "50,000 characters");
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
  const sizes = log.settled.map(({ rows }) => rows.length);
  assert(sizes.every((rows) => rows <= 5_000), `rows in a request: ${sizes}`);
  assert(log.settled.every(({ rows }) => rows.flat().join("").length * 3 <= 1_600_000));
});

Deno.test("Flusher spaces its appends, and takes all that has come meanwhile with the next one", async () => {
  await using place = await GooglePlace.open();
  const clock = new SwiftClock();
  const times: number[] = [];
  await using log = await startLog(place.sheet, { clock, spacingMs: 1_050 });
  for (let i = 0; i < 20; i++) {
    await log.commit(`m${i}`);
    await log.drained();
    times.push(clock.elapsed());
  }
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  assert(gaps.every((gap) => gap >= 1_050), `${gaps}`);
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
