import { assert, assertEquals, assertRejects } from "@std/assert";
import { Lease, LEASE_MS } from "../../rooms/kv/lease.ts";
import type { ReportFormat } from "../../rooms/reports/report_format.ts";
import { REPORT_LIFE_MS } from "../../rooms/reports/report.ts";
import { MAX_UNFINISHED, TooManyReportsError } from "../../rooms/reports/report_store.ts";
import { Transcript } from "../../sheets/reports/transcript.ts";
import { pastText, writePast } from "../support/past.ts";
import { ADA, openTestReports, type TestReports } from "../support/reports.ts";

/** A transcript in the smallest slices. */
function small(take: ReportFormat["take"] = (...args) => new Transcript().take(...args)): ReportFormat {
  const transcript = new Transcript();
  return {
    pagesASlice: 1,
    begin: (order) => transcript.begin(order),
    take,
    end: (state) => transcript.end(state),
  };
}

/** The texts of a transcript's rows. */
async function textsOf(reports: TestReports, id: string): Promise<string[]> {
  const report = await reports.store.get(id);
  return (await reports.csv(
    report ?? (() => {
      throw new Error("There is no such report");
    })(),
  ))
    .slice(1).map((row) => row[3]);
}

/** All that stands in KV about reports, but for the lease. */
async function left(kv: Deno.Kv): Promise<string[]> {
  const entries = await Array.fromAsync(kv.list({ prefix: [] }), ({ key }) => String(key[0]));
  return entries.filter((kind) => kind.startsWith("report"));
}

Deno.test("ReportWorker has every message once and in order, while people talk and others archive", async () => {
  await using reports = await openTestReports({ reportFormats: { transcript: small() } });
  await writePast(reports.kv, "lobby", 1_500);
  await using other = await openTestReports({ kv: reports.kv });
  const before = await reports.commit("lobby", ...Array.from({ length: 50 }, (_, i) => pastText(1_500 + i)));
  assertEquals(before.length, 50);
  const asked = await reports.ask();
  let isOver = false;
  const talking = (async () => {
    for (let i = 0; !isOver; i++) {
      await reports.commit("lobby", `later ${i}`);
      await reports.commit("team", `elsewhere ${i}`);
      // Somebody else archives, and so may this one; who is slower tries again.
      await Promise.all([other.archive.advance(), reports.archive.advance()]).catch(() => {});
    }
  })();
  reports.run();
  const report = await reports.finished(asked);
  isOver = true;
  await talking;
  const texts = await textsOf(reports, asked.id);
  assertEquals([report.outcome, report.progress, report.messages], ["completed", 100, texts.length]);
  // What was said in the very millisecond of the question may be in it.
  assertEquals(
    texts.filter((text) => !text.startsWith("later")),
    Array.from({ length: 1_550 }, (_, i) => pastText(i)),
  );
  assertEquals(new Set(texts).size, texts.length);
  assert(reports.moved.length > 3);
});

Deno.test("ReportWorker takes only what was said in the period", async () => {
  await using reports = await openTestReports();
  const times: number[] = [];
  for (let i = 0; i < 30; i++) {
    await reports.commit("lobby", `message ${i}`);
    times.push(Date.now());
    while (Date.now() === times[i]) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const asked = await reports.ask({ from: times[9] + 1, to: times[19] + 1 });
  reports.run();
  assertEquals((await reports.finished(asked)).messages, 10);
  assertEquals(await textsOf(reports, asked.id), Array.from({ length: 10 }, (_, i) => `message ${i + 10}`));
});

Deno.test("ReportWorker comes to an end in a room where people go on talking: what is said later is no part of it", async () => {
  let slices = 0;
  await using reports: TestReports = await openTestReports({
    reportFormats: { transcript: small() },
    async isAllowed() {
      if (++slices === 2) await writePast(reports.kv, "lobby", 400);
      return true;
    },
  });
  await writePast(reports.kv, "lobby", 600);
  const asked = await reports.ask({ to: Date.now() + 3_600_000 });
  reports.run();
  assertEquals((await reports.finished(asked)).messages, 600);
});

Deno.test("ReportJobs.advance() refuses whoever lost the lease, though the report stands as it was", async () => {
  await using reports = await openTestReports();
  const { id } = await reports.ask();
  const held = await reports.jobs.hold(id);
  assert(held);
  const [one, two] = [0, 1].map(() => new Lease(reports.kv, "reports", reports.clock));
  assert(await one.acquire());
  await two.acquire();
  await reports.clock.wait(LEASE_MS, new AbortController().signal);
  assert(await two.acquire());
  const step = { change: { outcome: "running" as const }, work: {}, pieces: [] };
  assertEquals(await reports.jobs.advance(held, step, one), undefined);
  assertEquals((await reports.jobs.advance(held, step, two))?.outcome, "running");
  await Promise.all([one, two].map((lease) => lease.release()));
});

Deno.test("ReportWorker makes nothing any more once another has its place, however late it wakes", async () => {
  const asleep = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  let slices = 0;
  await using paused = await openTestReports({
    reportFormats: { transcript: small() },
    async isAllowed() {
      if (++slices === 3) {
        asleep.resolve();
        await awake.promise;
      }
      return true;
    },
  });
  await writePast(paused.kv, "lobby", 1_500);
  await using next = await openTestReports({ kv: paused.kv, reportFormats: { transcript: small() } });
  const asked = await paused.ask();
  paused.run();
  await asleep.promise;
  const made = paused.moved.length;
  next.run();
  const report = await next.finished(asked);
  const revision = report.revision;
  awake.resolve();
  await paused.stop();
  assertEquals(paused.moved.length, made);
  assertEquals((await next.store.get(asked.id))?.revision, revision);
  assertEquals(await textsOf(next, asked.id), Array.from({ length: 1_500 }, (_, i) => pastText(i)));
  // It went on where the other one was.
  assert(next.moved[0].progress > 0 && next.moved[0].messages > made);
});

Deno.test("ReportWorker stores a slice once, though two make the same one at the same time", async () => {
  const seen = new Map<string, number>();
  const counting = small((state, messages, order) => {
    const first = messages[0]?.id ?? "";
    seen.set(first, (seen.get(first) ?? 0) + 1);
    return new Transcript().take(state, messages, order);
  });
  await using one = await openTestReports({ reportFormats: { transcript: counting } });
  await writePast(one.kv, "lobby", 2_000);
  await using two = await openTestReports({ kv: one.kv, reportFormats: { transcript: counting } });
  const asked = await one.ask();
  one.run();
  two.run();
  await one.finished(asked);
  assertEquals(await textsOf(one, asked.id), Array.from({ length: 2_000 }, (_, i) => pastText(i)));
  const stored = [...one.moved, ...two.moved].map(({ revision }) => revision);
  assertEquals(new Set(stored).size, stored.length);
});

Deno.test("ReportWorker stops at once with a report that is cancelled, and leaves nothing of it behind", async () => {
  const reached = Promise.withResolvers<void>();
  let slices = 0;
  await using reports = await openTestReports({
    reportFormats: { transcript: small() },
    isAllowed: () => {
      if (++slices === 3) reached.resolve();
      return Promise.resolve(true);
    },
  });
  await writePast(reports.kv, "lobby", 20_000);
  const asked = await reports.ask();
  reports.run();
  await reached.promise;
  assertEquals((await reports.store.cancel(asked.id))?.outcome, "cancelled");
  assertEquals(await reports.store.cancel(asked.id), undefined);
  while ((await left(reports.kv)).length > 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals((await left(reports.kv)).sort(), ["report", "reports_of"]);
  assertEquals((await reports.store.get(asked.id))?.outcome, "cancelled");
});

Deno.test("ReportJobs forgets reports after a week, with their files, bit by bit", async () => {
  await using reports = await openTestReports({ reportFormats: { transcript: small() } });
  await writePast(reports.kv, "lobby", 30_000);
  const asked = await reports.ask();
  reports.run();
  await reports.finished(asked);
  assert((await left(reports.kv)).length > 100);
  // The runner's waits take no time, but pass.
  reports.clock.jump(REPORT_LIFE_MS - 24 * 60 * 60_000);
  assertEquals((await reports.store.list(ADA)).length, 1);
  reports.clock.jump(24 * 60 * 60_000);
  assertEquals([await reports.store.get(asked.id), await reports.store.list(ADA)], [undefined, []]);
  while ((await left(reports.kv)).length) await new Promise((resolve) => setTimeout(resolve, 5));
});

Deno.test("ReportWorker says what is wrong: too much, nothing there, or no right to read", async () => {
  await using reports = await openTestReports({
    maxMessages: 100,
    isAllowed: ({ room }) => Promise.resolve(room !== "secret"),
  });
  await writePast(reports.kv, "lobby", 101);
  await writePast(reports.kv, "small", 100);
  reports.run();
  const outcomes: string[] = [];
  for (const room of ["lobby", "small", "empty", "secret"]) {
    const { outcome } = await reports.finished(await reports.ask({ room }));
    outcomes.push(outcome);
  }
  assertEquals(outcomes, ["too_large", "completed", "no_messages", "no_access"]);
  while ((await left(reports.kv)).some((kind) => kind === "report_waste")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(reports.failures, []);
});

Deno.test("ReportWorker tries again what failed, gives up after five times, and goes on with the others", async () => {
  let failures = 0;
  await using reports = await openTestReports({
    reportFormats: {
      transcript: small((state, messages, order) => {
        if (order.room === "cursed" || failures++ < 2) throw new Error("Something is broken");
        return new Transcript().take(state, messages, order);
      }),
    },
  });
  await writePast(reports.kv, "lobby", 10);
  await writePast(reports.kv, "cursed", 10);
  const cursed = await reports.ask({ room: "cursed" });
  const lobby = await reports.ask();
  reports.run();
  assertEquals((await reports.finished(lobby)).outcome, "completed");
  assertEquals((await reports.finished(cursed)).outcome, "broken");
  assertEquals(reports.failures.length, 7);
});

Deno.test("ReportWorker lets nobody wait for a report that has failed lately", async () => {
  let waitedMs = 0;
  let waitedForLobbyMs = Infinity;
  await using reports: TestReports = await openTestReports({
    // The runner's own: the lease waits, too.
    clock: {
      now: () => reports.clock.now(),
      elapsed: () => reports.clock.elapsed(),
      wait(ms, signal) {
        waitedMs += ms;
        return reports.clock.wait(ms, signal);
      },
    },
    reportFormats: {
      transcript: small((state, messages, order) => {
        if (order.room === "cursed") throw new Error("Something is broken");
        return new Transcript().take(state, messages, order);
      }),
    },
    moved: ({ outcome }) => {
      if (outcome === "completed") waitedForLobbyMs = waitedMs;
    },
  });
  for (const room of ["lobby", "cursed"]) await writePast(reports.kv, room, 600);
  const cursed = await reports.ask({ room: "cursed" });
  const lobby = await reports.ask();
  reports.run();
  assertEquals((await reports.finished(lobby)).messages, 600);
  assert(waitedForLobbyMs < 100, `it waited ${waitedForLobbyMs} ms`);
  assertEquals((await reports.finished(cursed)).outcome, "broken");
});

Deno.test("ReportStore lets a person have three reports under way, and keeps twenty", async () => {
  await using reports = await openTestReports();
  await reports.commit("lobby", "hi");
  const asked = await Promise.allSettled(Array.from({ length: 8 }, () => reports.ask()));
  assertEquals(asked.filter(({ status }) => status === "fulfilled").length, MAX_UNFINISHED);
  await assertRejects(() => reports.ask(), TooManyReportsError);
  // Others are not concerned.
  await reports.store.create("01BO", { ...(await reports.store.list(ADA))[0] });
  reports.run();
  for (let i = 0; i < 25; i++) {
    for (const report of await reports.store.list(ADA)) await reports.finished(report);
    await reports.ask();
  }
  const kept = await reports.store.list(ADA);
  assertEquals([kept.length, (await reports.store.list("01BO")).length], [20, 1]);
  assertEquals(kept.map(({ id }) => id), kept.map(({ id }) => id).sort());
});
