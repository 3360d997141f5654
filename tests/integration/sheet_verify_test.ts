import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { ulid } from "ulid";
import { sheetCommand } from "../../routes/commands/sheet.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { messageIn } from "../../rooms/messages/message.ts";
import { fieldsOf, rowOf } from "../../sheets/columns.ts";
import { DeadLetters } from "../../sheets/delivery/dead_letters.ts";
import { Archive } from "../../rooms/messages/archive.ts";
import { Verification } from "../../sheets/verification/verification.ts";
import { CHANGES_HEADER, HEADER, type Notice, SheetError } from "../../sheets/sheet.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { Client } from "../support/client.ts";
import { committer, startLog, type TestLog } from "../support/delivery.ts";
import { change } from "../support/changes.ts";
import { member } from "../support/cast.ts";
import { startService, type TestService, TOKEN } from "../support/service.ts";
import { GooglePlace } from "../support/sheet_google.ts";
import { never } from "../support/sheet_rows.ts";

/** A clock that is right about the day: ids of messages are made by the real one. */
class RightClock extends SwiftClock {
  override now(): number {
    return Date.now() + this.elapsed();
  }
}

/** The verification of a log, without the service around it. */
async function verificationOf(
  log: TestLog,
  noticed: (notice: Notice) => void = () => {},
): Promise<Verification> {
  const { kv, outbox, delivery, clock } = log;
  const archive = new Archive(kv, outbox);
  await archive.open();
  const { deadLetters } = delivery;
  return new Verification({ kv, archive, delivery, deadLetters, retentionDays: 0, clock, noticed });
}

const NOTHING = { missing: [], doubled: [], changed: [], foreign: [] };

/** What people may do to rows, and what must be found; `row` n is the n-th one below the header. */
const TAMPERING: Record<string, (rows: string[][]) => Partial<Record<keyof typeof NOTHING, string[]>>> = {
  "a row is deleted": (rows) => ({ missing: [rows.splice(100, 1)[0][4]] }),
  "a row is there twice": (rows) => ({ doubled: [rows[rows.push([...rows[200]]) - 1][4]] }),
  "words are changed": (rows) => (rows[300][3] += ".", { changed: [rows[300][4]] }),
  "a name is changed": (rows) => (rows[400][2] = "bo", { changed: [rows[400][4]] }),
  "a room is changed": (rows) => (rows[500][1] = "hall", { changed: [rows[500][4]] }),
  "a time is changed": (rows) => (rows[600][0] = "2026-01-01 00:00:00", { changed: [rows[600][4]] }),
  "an id is exchanged": (rows) => {
    const [lost, made] = [rows[700][4], ulid(Date.now() - 150_000)];
    rows[700][4] = made;
    return { missing: [lost], foreign: [made] };
  },
  "an id is emptied": (rows) => ({ missing: rows[800].splice(4, 1, "") }),
  "a row is made up": (rows) => {
    const made = ulid(Date.now() - 149_000);
    rows.push(["2026-03-01 10:00:00", "lobby", "ada", "I owe you a thousand", made]);
    return { foreign: [made] };
  },
  "the words of two rows are exchanged": (rows) => {
    [rows[900][3], rows[901][3]] = [rows[901][3], rows[900][3]];
    return { changed: [rows[900][4], rows[901][4]] };
  },
};

Deno.test("Verification finds ten kinds of tampering among 100,000 rows in a few requests, and takes nothing else for one", async () => {
  await using place = await GooglePlace.open();
  const kv = await Deno.openKv(":memory:");
  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  // Ids of two minutes ago and earlier are judged.
  const commit = committer(kv, outbox, () => Date.now() - 200_000);
  const texts = Array.from({ length: 250 }, (_, n) => `message ${n}`);
  for (let batch = 0; batch < 400; batch++) await commit("lobby", ...texts);
  await archive.advance();
  const rows: string[][] = [];
  for await (const lines of archive.pagesFrom("lobby", "")) {
    rows.push(...lines.map((line) => [...rowOf(fieldsOf(messageIn(line)), HEADER)]));
  }
  assertEquals(rows.length, 100_000);
  await using changes = place.another({ header: CHANGES_HEADER, tab: "ChatLogs changes" });
  const targets = [
    { place: "messages", sheet: place.sheet, columns: HEADER },
    { place: "changes", sheet: changes, columns: CHANGES_HEADER },
  ];
  const verification = new Verification({
    ...{ kv, archive, retentionDays: 0, clock: new RightClock(), noticed: () => {} },
    deadLetters: new DeadLetters(kv),
    delivery: {
      targetOf: ({ isChange }) => Promise.resolve(targets[Number(isChange)]),
      readSettled: () => Promise.resolve("~"),
      roomSheets: { refresh: () => Promise.resolve() },
    },
  });
  const tab = place.google.tab("ChatLogs");

  // Sorted, with rows of people above, between and below, and a header in another language.
  const note = ["a note", "", "", "", "by hand"];
  const sorted = [...rows.toReversed(), [...note], [], [...note]];
  tab.rows = [["時間", "聊天室", "使用者", "訊息", "識別碼"], [...note], ...sorted];
  const requests = place.google.requests.length;
  assertEquals(await verification.verify(0, never), { rows: 100_000, ...NOTHING });
  assertLess(place.google.requests.length - requests, 12);

  const expected = { ...structuredClone(NOTHING) } as Record<keyof typeof NOTHING, string[]>;
  for (const tamper of Object.values(TAMPERING)) {
    for (const [kind, ids] of Object.entries(tamper(sorted))) {
      expected[kind as keyof typeof NOTHING].push(...ids);
    }
  }
  for (const ids of Object.values(expected)) ids.sort();
  tab.rows = [tab.rows[0], ...sorted];
  assertEquals(await verification.verify(0, never), { rows: 100_000, ...expected });

  kv.close();
});

Deno.test("Verification takes no row for wrong whose message was edited, deleted or erased, and finds what was done to it", async () => {
  await using service = await startService();
  await using ada = await (await member(service.url, "ada")).enter("lobby", "?events=1");
  const ids: string[] = [];
  for (const text of ["=1+1", "two\r\nlines", "three"]) ids.push((await ada.say(text)).id);
  await change(ada, { type: "edit_message", id: ids[0], message: "1+1" });
  await change(ada, { type: "delete_message", id: ids[1] });
  await change(ada, { type: "react", id: ids[2], emoji: "👍", on: true });
  await service.sweep();
  while ((await changesOf(service)).length < 4) await service.sweep();
  assertEquals(await run(service, "verify"), [0, "6 rows stand as they were said"]);

  const path = `${service.directory}/ChatLogs.changes.csv`;
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("👍", "👎"));
  const [, , , reaction] = await changesOf(service);
  const [status, text] = await run(service, "verify");
  assertEquals(status, 1);
  assertEquals(text, `changed  ${reaction[6]}\nOf 6 rows: 1 changed`);
  assertEquals((await run(service, "verify", "--from", "2999-01-01"))[1], "0 rows stand as they were said");
  assertStringIncludes((await run(service, "verify", "--from", "yesterday"))[1], "a day such as 2026-03-01");
});

Deno.test("deno task sheet verify --repair appends what is missing, once", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const ids: string[] = [];
  for (const text of ["a", "b", "c"]) ids.push((await ada.say(text)).id);
  await ada.next("recorded", (frame) => frame.ids.includes(ids[2]));
  const path = `${service.directory}/ChatLogs.csv`;
  const lines = (await Deno.readTextFile(path)).split("\r\n");
  await Deno.writeTextFile(path, lines.toSpliced(2, 1).join("\r\n"));
  const wrong = `missing  ${ids[1]}`;
  assertEquals(await run(service, "verify"), [1, `${wrong}\nOf 3 rows: 1 missing`]);
  const [, text] = await run(service, "verify", "--repair");
  assertEquals(text, `${wrong}\nAppending 1\nOf 3 rows: 1 missing`);
  await service.sweep();
  assertEquals((await service.rows()).slice(1).map((row) => row[4]), [ids[0], ids[2], ids[1]]);
  assertEquals(await run(service, "verify", "--repair"), [0, "3 rows stand as they were said"]);
  assertEquals(await run(service, "dead"), [0, "None"]);
});

Deno.test("An audit every six hours tells the operator what it finds, once, and says nothing when nothing is wrong", async () => {
  await using place = await GooglePlace.open();
  const clock = new RightClock();
  await using changes = place.another({ header: CHANGES_HEADER, tab: "ChatLogs changes" });
  await using log = await startLog(place.sheet, { clock, changes });
  const notices: Notice[] = [];
  const noticed = (notice: Notice): void => void notices.push(notice);
  const verification = await verificationOf(log, noticed);
  const other = await verificationOf(log, noticed);
  await log.commit("a", "b");
  await log.drained();
  const hours = async (count: number): Promise<void> => {
    for (let hour = 0; hour < count; hour++) {
      await clock.wait(3_600_000, never);
      await Promise.all([verification.tick(never), other.tick(never)]);
    }
  };
  await verification.tick(never);
  const read = () => place.google.requests.filter(({ operation }) => operation === "get").length;
  const before = read();
  await hours(7);
  assertEquals(read() - before, 1, "one audit of one tab");
  assertEquals(notices, []);
  place.google.rows("ChatLogs").splice(1, 1);
  await hours(6);
  assertEquals(notices.map(({ code }) => code), ["rows_differ"]);
  assertStringIncludes(notices[0].message, "1 missing");
  place.google.share(undefined);
  const error = await verification.verify(0, never).catch((error) => error);
  assert(error instanceof SheetError, "A sheet that can't be read isn't one whose rows are missing");
});

async function changesOf(service: TestService): Promise<string[][]> {
  const text = await Deno.readTextFile(`${service.directory}/ChatLogs.changes.csv`).catch(() => "");
  return text.trim().split("\r\n").map((line) => line.split(","));
}

/** What the command prints. */
async function run(service: TestService, ...args: string[]): Promise<[status: number, text: string]> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const around = { url: service.url, serviceToken: TOKEN, print, complain: print };
  return [await sheetCommand(args, around), lines.join("\n")];
}
