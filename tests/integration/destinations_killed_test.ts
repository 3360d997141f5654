/**
 * Rows of messages and of changes in many places, while the service is killed, Google fails, and a room moves. `KILLS=60`
 * kills it that often for each kind of place.
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { wait, within } from "../../rooms/clock.ts";
import type { Fault, Operation } from "../fakes/google_faults.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { backend } from "../support/cast.ts";
import type { Frame } from "../support/client.ts";
import { drained, startProcess } from "../support/process.ts";
import { CHANGES_HEADER } from "../../sheets/sheet.ts";
import { ProofCheck } from "../../sheets/proofs/proof_check.ts";
import { seeded } from "../support/random.ts";
import { parseCsv, readHistory, temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const KILLS = Number(Deno.env.get("KILLS") ?? 6);
const LONGEST_LIFE_MS = 20_000;
const HEADER = ["time", "room", "username", "message", "id", "proof"];
const ROOMS = ["lobby", "聊天室", "hall"];
/** Google allows so many reads, and as many writes, a minute. */
const QUOTA = 60;

const undone = { work: "undone", outcome: "answer" } as const;
const FAULTS: [Operation, Fault][] = [
  ["append", { ...undone, status: 429 }],
  ["append", { work: "done", outcome: "answer", status: 503 }],
  ["append", { work: "done", outcome: "answer", status: 400 }],
  ["append", { work: "done", outcome: "drop" }],
  ["append", { work: "undone", outcome: "drop" }],
  ["append", { work: "done", outcome: "half" }],
  ["read", { ...undone, status: 500 }],
  ["get", { work: "undone", outcome: "drop" }],
  ["change", { work: "done", outcome: "drop" }],
];

/** Somebody who says things in a room and edits them, and again what had no answer before a kill. */
class Talker {
  /** The ids of what was said and of edits, as far as they were acknowledged. */
  readonly said: string[] = [];
  readonly edits: string[] = [];
  /** What the service has told to stand in a sheet. */
  readonly recorded = new Set<string>();
  /** Told of each acknowledgement. */
  acknowledged: () => void = () => {};
  readonly room: string;
  readonly #random: () => number;
  #cookies: Map<string, string> | undefined;
  #count = 0;
  /** A frame without an answer. */
  #unsent: Frame | undefined;

  constructor(room: string, random: () => number) {
    this.room = room;
    this.#random = random;
  }

  /** Whether something has no answer yet. */
  get waits(): boolean {
    return this.#unsent !== undefined;
  }

  /** Talks until the service dies; the last time, until all has its answer. */
  async talk(origin: string, isLast = false): Promise<void> {
    const visitor = new Visitor(origin);
    for (const [name, value] of this.#cookies ?? []) visitor.cookies.set(name, value);
    if (!this.#cookies) await visitor.ask("GET", "/chat/lobby/").catch(() => {});
    if (visitor.cookies.size) this.#cookies = visitor.cookies;
    const client = visitor.socket(this.room, "?username=ada&batch=1");
    try {
      await client.next("history");
      while (!isLast || this.#unsent) {
        const frame = this.#unsent ??= this.#next();
        client.send(frame);
        const { id } = await client.next("ack", ({ client_id }) => client_id === frame.client_id);
        (frame.type === "chat_message" ? this.said : this.edits).push(id);
        this.#unsent = undefined;
        this.acknowledged();
      }
      await client.close();
    } catch (error) {
      if (client.all("error").length) throw new Error(JSON.stringify(client.all("error")), { cause: error });
      // Killed, as it should be.
    }
    await client.closed;
    for (const { ids } of client.all("recorded")) for (const id of ids) this.recorded.add(id);
  }

  #next(): Frame {
    const client_id = `${this.room} ${this.#count++}`;
    const id = this.said.at(-1 - Math.floor(this.#random() * 5));
    if (!id || this.#random() < 0.7) return { type: "chat_message", message: `${client_id} 你好`, client_id };
    return { type: "edit_message", id, message: `${client_id} 改`, client_id };
  }
}

for (const [seed, sink] of (["google", "csv"] as const).entries()) {
  Deno.test(`Rows stand once and in order, each in its own place, and none is told before it does, through ${KILLS} kills, in ${sink}`, async () => {
    const random = seeded(60 + seed);
    await using directory = await temporaryDirectory();
    await using google = await GoogleSheets.start({ quotaPerMinute: QUOTA });
    const theirs = google.add("1Theirs");
    google.share("writer", "1Theirs");
    const env: Record<string, string> = {
      KV_PATH: `${directory.path}/talksheet.db`,
      LOG_CSV_PATH: `${directory.path}/{month}.csv`,
      SERVICE_TOKEN: TOKEN,
      SHEET_COLUMNS: HEADER.join(),
      ...(sink === "google" && {
        GOOGLE_SHEET_ID: google.spreadsheetId,
        GOOGLE_SHEET_NAME: "{room} {year}",
        GOOGLE_CREDS_JSON: JSON.stringify(google.key),
        GOOGLE_API_ROOT: google.url,
      }),
    };
    /** The rows of all places, with the ids last and without the headers. */
    const places = async (): Promise<string[][][]> => {
      const tabs = [google.spreadsheet, theirs].flatMap(({ tabs }) => tabs.map(({ rows }) => rows));
      const files = await Array.fromAsync(Deno.readDir(directory.path));
      const texts = files.filter(({ name }) => name.endsWith(".csv"))
        .map(async ({ name }) => parseCsv(await Deno.readTextFile(`${directory.path}/${name}`)));
      return [...tabs, ...await Promise.all(texts)].map((rows) =>
        rows.slice(1).map((row) => [...row.slice(0, -2), ...row.slice(-2).reverse()])
      );
    };
    const people = ROOMS.map((room) => new Talker(room, random));
    const [, , mover] = people;
    const moves = sink === "google" ? [theirs.id, undefined, google.spreadsheetId, theirs.id, undefined] : [];
    /** What was said in the room that moves, by where it was then. */
    const byPlace: string[][] = [];
    let began = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await using service = await startProcess(env);
      if (kill % 2 && moves.length) {
        google.faults.clear();
        const path = "/api/rooms/hall/sheet";
        const spreadsheet = moves[(kill >> 1) % moves.length];
        const [method, body] = spreadsheet ? ["PUT", { spreadsheet, tab: "Own" }] : ["DELETE", undefined];
        const [status] = await backend(service.url).outcome(method as string, path, body);
        assert(status === 200 || status === 409, `${status}`);
        if (status === 200) {
          byPlace.push(mover.said.slice(began));
          // What had no answer may have been committed before.
          began = mover.said.length + Number(mover.waits);
        }
      }
      const [operation, fault] = FAULTS[Math.floor(random() * FAULTS.length)];
      if (random() < 0.7) google.faults.next(operation, fault);
      const enough = Promise.withResolvers<void>();
      let left = 10 + random() * 200;
      for (const person of people) person.acknowledged = () => --left <= 0 && enough.resolve();
      const talking = people.map((person) => person.talk(service.url));
      // As much is done on a slow machine as on a fast one.
      await within(LONGEST_LIFE_MS, enough.promise);
      await wait(random() * 300);
      await service.kill();
      await Promise.all(talking);
      const standing = new Set((await places()).flat().map((row) => row.at(-1)));
      const told = people.flatMap(({ recorded }) => [...recorded]);
      assertEquals(told.filter((id) => !standing.has(id)), [], "told, and not in a sheet");
    }
    google.faults.clear();
    await using service = await startProcess(env);
    await Promise.all(people.map((person) => person.talk(service.url, true)));
    await drained(service);
    byPlace.push(mover.said.slice(began));
    const all = await places();
    for (const person of people) {
      const own = all.map((rows) => rows.filter((row) => row[1] === person.room));
      const history = (await readHistory(service.url, person.room)).map(({ id }) => id);
      assertEquals(history, person.said);
      for (const [columns, expected] of [[6, person.said], [8, person.edits]] as const) {
        const ids = own.map((rows) =>
          rows.filter(({ length }) => length === columns).map((row) => row[columns - 1])
        );
        assertEquals(ids.flat().sort(), [...expected].sort(), "none is lost, and none stands twice");
        for (const place of ids) {
          const inPlace = new Set(place);
          assertEquals(place, expected.filter((id) => inPlace.has(id)), "in order");
        }
      }
    }
    // Neither what waited when the room moved, nor what was said later, stands where it doesn't belong.
    for (const ids of byPlace) {
      const found = all.filter((rows) => rows.some((row) => row.length === 6 && ids.includes(row[5])));
      assertLessOrEqual(found.length, 1);
    }
    const { body: { key } } = await backend(service.url).ask("GET", "/api/log/key");
    for (const rows of all) {
      const isChange = rows[0]?.length === 8;
      const check = new ProofCheck(Uint8Array.fromHex(key), isChange ? [...CHANGES_HEADER, "proof"] : HEADER);
      for (const row of rows) check.take(row);
      assertEquals(
        [check.findings, check.proven],
        [[], rows.length],
        "each row is proven behind the one before it",
      );
    }
    const said = people.flatMap((person) => [...person.said, ...person.edits]).length;
    assert(said > KILLS * 50, `${said} rows`);
    const busiest = [["get", "read"], ["append", "change"]].map((kinds) => {
      const times = google.requests.filter(({ operation }) => kinds.includes(operation)).map(({ at }) => at);
      return Math.max(0, ...times.map((at) => times.filter((t) => at <= t && t < at + 60_000).length));
    });
    // deno-lint-ignore no-console -- figures, for those who ask for them
    if (Deno.env.has("KILLS")) console.log({ said, requests: google.requests.length, busiest });
    assertLessOrEqual(Math.max(...busiest), QUOTA, "reads and writes in any minute");
  });
}
