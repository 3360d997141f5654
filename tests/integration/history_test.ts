import { assertEquals } from "@std/assert";
import { Archive } from "../../rooms/messages/archive.ts";
import { History, type HistoryPage } from "../../rooms/messages/history.ts";
import { historyAround } from "../../rooms/messages/history_around.ts";
import { createMessageFactory } from "../../rooms/messages/draft.ts";
import { idIn, type Line, lineOf, messageIn, seqOf } from "../../rooms/messages/message.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { Packer, unpack } from "../../rooms/kv/value_packer.ts";
import { guest } from "../../rooms/user.ts";

/** KV in memory with what stands on it; `commit` puts messages into the outbox and the history, as a journal would. */
async function setUp() {
  const kv = await Deno.openKv(":memory:");
  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  await archive.open();
  const history = new History(archive);
  const behindMs = { now: 0 };
  const now = (): number => Date.now() - behindMs.now;
  const scribes = [0, 1].map(() =>
    createMessageFactory({ timeZone: "UTC", now, random: Math.random, after: "" })
  );
  const packer = new Packer();

  async function commit(...messages: [room: string, text: string][]): Promise<string[]> {
    const messageFactory = scribes[behindMs.now ? 1 : 0];
    const drafts = messages.map(([room, text]) => messageFactory.draft(room, guest("ada"), text));
    for (const { body } of drafts) packer.add(body);
    const operation = kv.atomic();
    outbox.add(operation, packer.take(), drafts.length);
    const result = await operation.commit();
    if (!result.ok) throw new Error("The commit failed");
    for (const [place, { room, body }] of drafts.entries()) {
      history.append(room, lineOf(seqOf(result.versionstamp, place), body));
    }
    return drafts.map(({ id }) => id);
  }
  return { kv, outbox, archive, history, commit, behindMs, [Symbol.dispose]: () => kv.close() };
}

function texts({ lines }: HistoryPage): string[] {
  return lines.map((line) => messageIn(line).message);
}

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `m${from + i}`);
}

Deno.test("History reads the same from memory, from the archive, and across both", async () => {
  using parts = await setUp();
  const { archive, history, commit } = parts;
  const ids: string[] = [];
  for (const name of names(0, 30)) ids.push(...await commit(["lobby", name], ["other", "x"]));
  await archive.advance();
  for (const name of names(30, 60)) ids.push(...await commit(["lobby", name]));
  const inLobby = ids.filter((_, i) => i >= 60 || i % 2 === 0);
  for (const limit of [1, 10, 30, 31, 59, 60, 200]) {
    const page = await history.before("lobby", undefined, limit);
    assertEquals([texts(page), page.more], [names(Math.max(0, 60 - limit), 60), limit < 60]);
  }
  for (const place of [0, 1, 29, 30, 31, 59]) {
    const page = await history.before("lobby", inLobby[place], 20);
    assertEquals([texts(page), page.more], [names(Math.max(0, place - 20), place), place > 20]);
  }
});

Deno.test("History keeps the order of commits though the clocks of machines differ, in memory and in the archive", async () => {
  using parts = await setUp();
  const { archive, behindMs, commit } = parts;
  const long = "x".repeat(3000);
  const ids: string[] = [];
  for (let i = 0; i < 90; i++) {
    behindMs.now = i % 2 ? 20_000 : 0;
    ids.push(...await commit(["lobby", `m${i} ${long}`]));
    if (i === 59) await archive.advance();
  }
  const fresh = new Archive(parts.kv, parts.outbox);
  await fresh.open();
  await fresh.advance();
  for (const history of [parts.history, new History(fresh)]) {
    await history.hold("lobby");
    for (const place of [1, 2, 29, 30, 58, 59, 60, 61, 88, 89]) {
      const page = await history.before("lobby", ids[place], 5);
      const older = texts(page).map((text) => text.split(" ")[0]);
      assertEquals(older, names(Math.max(0, place - 5), place));
      const cursor = await history.behind("lobby", ids[place]);
      const newer: string[] = [];
      for await (const { lines } of history.archived("lobby", cursor)) {
        newer.push(...lines.map((line) => idIn(line)));
      }
      newer.push(...(history.rest("lobby", cursor)?.lines ?? []).map((line) => idIn(line)));
      assertEquals(newer, ids.slice(place + 1));
    }
  }
});

Deno.test("historyAround() goes on up to the present, though memory drops what the archive has taken while it reads", async () => {
  using parts = await setUp();
  const { archive, history, commit } = parts;
  const ids: string[] = [];
  const say = async (from: number, to: number): Promise<void> => {
    for (const name of names(from, to)) ids.push(...await commit(["lobby", name]));
    await archive.advance();
    history.trim();
  };
  await say(0, 10);
  const read = history.archived.bind(history);
  // Far more than memory keeps is said before the last of it is asked for.
  history.archived = async function* (room, cursor) {
    yield* read(room, cursor);
    if (ids.length === 10) await say(10, 400);
  };
  const { older, newer } = await historyAround(history, "lobby", ids[5], 20);
  assertEquals([...texts(older), ...texts(newer)], names(0, 16));
  assertEquals(newer.more, true);
});

Deno.test("Archive overwrites no page when ids go back for longer than a page, and the archive is advanced meanwhile", async () => {
  using parts = await setUp();
  const { archive, behindMs, commit } = parts;
  const ids = await commit(["lobby", "m0"]);
  behindMs.now = 20_000;
  for (let i = 1; i < 120; i++) {
    ids.push(...await commit(["lobby", `m${i} ${"x".repeat(3000)}`]));
    if (i % 15 === 0) await archive.advance();
  }
  await archive.advance();
  const fresh = new History(archive);
  const seen = (await fresh.before("lobby", undefined, 200)).lines;
  const older = (await fresh.before("lobby", idIn(seen[0]), 200)).lines;
  assertEquals([...older, ...seen].map(idIn), ids);
});

Deno.test("History gives only what has come this way, though another process has archived more", async () => {
  using parts = await setUp();
  const { archive, history, commit, kv, outbox } = parts;
  const [first] = await commit(["lobby", "m0"]);
  await archive.advance();
  history.trim();
  const elsewhere = new Archive(kv, outbox);
  const late: Line[] = [];
  const append = history.append.bind(history);
  history.append = (_room, line) => late.push(line) > 0 ? line : undefined;
  await commit(["lobby", "m1"], ["lobby", "m2"]);
  await elsewhere.open();
  await elsewhere.advance();
  await history.hold("lobby");
  const cursor = await history.behind("lobby", first);
  const seen: string[] = [];
  for await (const page of history.archived("lobby", cursor)) seen.push(...texts(page));
  seen.push(...texts(history.rest("lobby", cursor) ?? { lines: [], more: false }));
  assertEquals(seen, []);
  assertEquals(late.map((line) => append("lobby", line)), late);
  assertEquals(texts(history.latest("lobby")), ["m0", "m1", "m2"]);
});

Deno.test("History gives a fresh process the same as the one that wrote", async () => {
  using parts = await setUp();
  for (const name of names(0, 120)) await parts.commit(["lobby", name]);
  await parts.archive.advance();
  const archive = new Archive(parts.kv, parts.outbox);
  await archive.open();
  const history = new History(archive);
  await history.hold("lobby");
  const latest = history.latest("lobby");
  assertEquals([texts(latest), latest.more], [names(70, 120), true]);
  assertEquals(texts(await history.before("lobby", idIn(latest.lines[0]), 50)), names(20, 70));
});

Deno.test("History.rest() and .archived() miss and double nothing, though messages come and are archived while it reads", async () => {
  using parts = await setUp();
  const { archive, history, commit } = parts;
  const [first] = await commit(["lobby", "m0"]);
  // Long enough to fill several pages, so that reading takes several steps.
  const long = "x".repeat(3000);
  for (let i = 1; i < 100; i++) await commit(["lobby", `m${i} ${long}`]);
  await archive.advance();
  history.trim();
  await history.hold("lobby");
  let next = 100;
  const seen: string[] = [];
  const cursor = await history.behind("lobby", first);
  let rest = history.rest("lobby", cursor);
  while (!rest) {
    for await (const page of history.archived("lobby", cursor)) {
      seen.push(...texts(page).map((text) => text.split(" ")[0]));
      // So many that memory drops some of them again.
      for (let i = 0; i < 150 && next < 700; i++) await commit(["lobby", `m${next++}`]);
      await archive.advance();
      history.trim();
    }
    rest = history.rest("lobby", cursor);
  }
  seen.push(...texts(rest));
  assertEquals(seen, names(1, next));
});

Deno.test("History.trim() keeps what isn't archived, and forgets rooms that nobody holds", async () => {
  using parts = await setUp();
  const { archive, history, commit } = parts;
  for (const name of names(0, 10)) await commit(["lobby", name]);
  history.trim();
  assertEquals(texts(await history.before("lobby", undefined, 50)), names(0, 10));
  await archive.advance();
  history.trim();
  await commit(["lobby", "m10"]);
  assertEquals(texts(await history.before("lobby", undefined, 50)), names(0, 11));
});

Deno.test("History says of each message whether the sheet has it, or refused it", async () => {
  using parts = await setUp();
  const [, refused] = [await parts.commit(["lobby", "a"]), (await parts.commit(["lobby", "b"]))[0]];
  const { value: last } = await parts.kv.list({ prefix: ["outbox"] }, { reverse: true, limit: 1 }).next();
  parts.history.recorded.markRecorded(String(last?.key[1]), [], [{ id: refused }]);
  await parts.commit(["lobby", "c"]);
  const page = await parts.history.before("lobby", undefined, 50);
  const { messages, type, more } = JSON.parse(parts.history.frame(page));
  assertEquals([type, more], ["history", false]);
  const marks = messages.map((m: Record<string, unknown>) => [m.message, m.recorded, m.not_recorded]);
  assertEquals(marks, [["a", true, undefined], ["b", undefined, true], ["c", undefined, undefined]]);
});

Deno.test("Archive.advance() doubles nothing when a crash kept its position from moving", async () => {
  using parts = await setUp();
  for (const name of names(0, 500)) {
    await parts.commit(["lobby", `${name} ${"字".repeat(200)}`], ["other", name]);
  }
  await parts.archive.advance();
  // As if every commit but the last had been made.
  await parts.kv.delete(["archive"]);
  const archive = new Archive(parts.kv, parts.outbox);
  await archive.open();
  await archive.advance();
  const pages = await Array.fromAsync(parts.kv.list<Uint8Array>({ prefix: ["history", "lobby"] }));
  assertEquals(pages.flatMap(({ value }) => unpack(value)).length, 500);
  const history = new History(archive);
  const seen: string[] = [];
  let page: HistoryPage | undefined;
  do {
    page = await history.before("lobby", page && idIn(page.lines[0]), 200);
    seen.unshift(...texts(page).map((text) => text.split(" ")[0]));
  } while (page.more);
  assertEquals(seen, names(0, 500));
});

Deno.test("Archive.advance() by two processes at once leaves each message in its room once", async () => {
  using parts = await setUp();
  for (const name of names(0, 50)) await parts.commit(["lobby", name]);
  const other = new Archive(parts.kv, parts.outbox);
  await other.open();
  await Promise.allSettled([parts.archive.advance(), other.advance()]);
  for (const name of names(50, 60)) await parts.commit(["lobby", name]);
  await Promise.allSettled([other.advance(), parts.archive.advance()]);
  await parts.archive.advance();
  assertEquals(texts(await new History(parts.archive).before("lobby", undefined, 200)), names(0, 60));
});

Deno.test("Archive keeps pages under KV's limits, and finds the page of a message by its id", async () => {
  using parts = await setUp();
  const ids: string[] = [];
  for (let i = 0; i < 60; i++) ids.push(...await parts.commit(["lobby", `m${i} ${"字".repeat(4000)}`]));
  await parts.archive.advance();
  parts.history.trim();
  for (const place of [0, 13, 37, 59]) {
    const { lines } = await parts.history.before("lobby", ids[place], 1);
    assertEquals(lines.map(idIn), ids.slice(Math.max(0, place - 1), place));
  }
});

Deno.test("Archive loses nothing when KV fails twice in a row", async () => {
  using parts = await setUp();
  let failures = 0;
  const kv = new Proxy(parts.kv, {
    get(target, name) {
      if (failures > 0 && (name === "atomic" || name === "get")) {
        failures--;
        throw new Error("KV is down");
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const archive = new Archive(kv, parts.outbox);
  await archive.open();
  await parts.commit(["lobby", "one"]);
  await archive.advance();
  await parts.commit(["lobby", "two"]);
  for (const times of [2, 1, 3]) {
    // A commit fails whose pages were planned, and so does the look at what stands.
    failures = times;
    await archive.advance().catch(() => {});
    failures = 0;
  }
  await parts.commit(["lobby", "three"]);
  await archive.advance();
  assertEquals(texts(await new History(archive).before("lobby", undefined, 50)), ["one", "two", "three"]);
});
