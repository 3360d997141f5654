/** What people do to messages, while the service is killed at any moment. */
import { assert, assertEquals } from "@std/assert";
import type { Client, Frame } from "../support/client.ts";
import { wait, within } from "../../rooms/clock.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { drained, startProcess } from "../support/process.ts";
import { seeded } from "../support/random.ts";
import { parseCsv, readHistory, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const KILLS = 20;
const LONGEST_LIFE_MS = 20_000;
const ROOMS = ["lobby", "聊天室"];
const EMOJI = ["👍", "🎉", "❤️"];

interface Said {
  id: string;
  message: string;
  isDeleted: boolean;
  /** The emoji that its author has on it. */
  reactions: Set<string>;
}

/** Somebody who says things and changes them, one after the other, and again what had no answer before a kill. */
class Changer {
  readonly said: Said[] = [];
  /** Frames without an answer. */
  readonly #unsent: { frame: Frame; done: (id: string) => void }[] = [];
  readonly #room: string;
  readonly #name: string;
  readonly #random: () => number;
  #cookies: Map<string, string> | undefined;
  #count = 0;
  /** The ids of acknowledged changes. */
  readonly changes: string[] = [];
  /** Told of each acknowledgement. */
  acknowledged: () => void = () => {};

  constructor(room: string, name: string, random: () => number) {
    this.#room = room;
    this.#name = name;
    this.#random = random;
  }

  /** Works until the service dies, or until all has its answer. */
  async work(origin: string, isLast = false): Promise<void> {
    const visitor = new Visitor(origin);
    for (const [name, value] of this.#cookies ?? []) visitor.cookies.set(name, value);
    if (!this.#cookies) await visitor.ask("GET", "/chat/lobby/").catch(() => {});
    if (visitor.cookies.size) this.#cookies = visitor.cookies;
    const client = visitor.socket(this.#room, `?username=${this.#name}&batch=1`);
    try {
      await client.next("history");
      for (const { frame } of this.#unsent) client.send(frame);
      while (!isLast || this.#unsent.length) {
        if (!this.#unsent.length) this.#next(client);
        const answer = await client.next("ack");
        const [{ frame, done }] = this.#unsent.splice(0, 1);
        assertEquals(answer.client_id, frame.client_id);
        done(answer.id);
        if (frame.type !== "chat_message") this.changes.push(answer.id);
        this.acknowledged();
      }
      await client.close();
    } catch (error) {
      if (client.all("error").length) throw new Error(JSON.stringify(client.all("error")), { cause: error });
      // Killed, as it should be.
    }
    await client.closed;
  }

  #next(client: Client): void {
    const target = this.said.filter(({ isDeleted }) => !isDeleted)[Math.floor(this.#random() * 8)];
    const chance = target ? this.#random() : 0;
    const client_id = `${this.#name} ${this.#count++}`;
    const send = (frame: Frame, done: (id: string) => void): void => {
      this.#unsent.push({ frame: { ...frame, client_id }, done });
      client.send({ ...frame, client_id });
    };
    if (chance < 0.4) {
      const message = `${client_id} 你好`;
      const done = (id: string) =>
        void this.said.push({ id, message, isDeleted: false, reactions: new Set() });
      return send({ type: "chat_message", message }, done);
    }
    const { id } = target;
    if (chance < 0.7) {
      const message = `${client_id} ${"改".repeat(this.#random() * 500)}`;
      return send({ type: "edit_message", id, message }, () => target.message = message);
    }
    if (chance > 0.95) return send({ type: "delete_message", id }, () => target.isDeleted = true);
    const emoji = EMOJI[Math.floor(this.#random() * EMOJI.length)];
    const on = !target.reactions.has(emoji);
    send({ type: "react", id, emoji, on }, () => target.reactions[on ? "add" : "delete"](emoji));
  }
}

for (const [seed, sink] of (["csv", "google"] as const).entries()) {
  Deno.test(`State, order and rows are as acknowledged after ${KILLS} kills in a flood of changes, in ${sink}`, async () => {
    const random = seeded(16 + seed);
    await using directory = await temporaryDirectory();
    await using google = await GoogleSheets.start();
    const env = {
      KV_PATH: `${directory.path}/talksheet.db`,
      LOG_CSV_PATH: `${directory.path}/log.csv`,
      RATE_MESSAGES_PER_MINUTE: "0",
      ...(sink === "google" && {
        GOOGLE_SHEET_ID: google.spreadsheetId,
        GOOGLE_CREDS_JSON: JSON.stringify(google.key),
        GOOGLE_API_ROOT: google.url,
      }),
    };
    const people = ROOMS.flatMap((room) => ["ada", "bo"].map((name) => new Changer(room, name, random)));
    for (let kill = 0; kill < KILLS; kill++) {
      await using service = await startProcess(env);
      if (random() < 0.5) {
        google.faults.clear();
        google.faults.next("append", { work: random() < 0.5 ? "done" : "undone", outcome: "drop" });
      }
      const enough = Promise.withResolvers<void>();
      let left = 20 + random() * 60;
      for (const person of people) person.acknowledged = () => --left <= 0 && enough.resolve();
      const working = people.map((person) => person.work(service.url));
      // As much is done on a slow machine as on a fast one.
      await within(LONGEST_LIFE_MS, enough.promise);
      await wait(random() * 20);
      await service.kill();
      await Promise.all(working);
    }
    google.faults.clear();
    await using service = await startProcess(env);
    await Promise.all(people.map((person) => person.work(service.url, true)));
    await drained(service);
    for (const [i, room] of ROOMS.entries()) {
      const history = await readHistory(service.url, room);
      const seqs = history.map(({ seq }) => seq);
      assertEquals(seqs, [...new Set(seqs)].sort());
      const found = new Map(history.map((message) => [message.id, message]));
      const said = people.slice(2 * i, 2 * i + 2).flatMap((person) => person.said);
      assertEquals(history.length, said.length);
      for (const { id, message, isDeleted, reactions } of said) {
        const { message: text, deleted = false, reactions: given = [] } = found.get(id) as Frame;
        assertEquals([text, deleted], [isDeleted ? "" : message, isDeleted], id);
        const emoji = given.map(({ emoji, count }: Frame) => `${emoji}${count}`).sort();
        assertEquals(emoji, isDeleted ? [] : [...reactions].map((emoji) => `${emoji}1`).sort(), id);
      }
    }
    const [header, ...rows] = sink === "google"
      ? google.rows("ChatLogs changes")
      : parseCsv(await Deno.readTextFile(`${directory.path}/log.changes.csv`));
    assertEquals(header, ["time", "room", "username", "change", "message_id", "text", "id"]);
    const ids = rows.map((row) => row[6]);
    const changes = people.flatMap((person) => person.changes).sort();
    assert(changes.length > 300, `${changes.length} changes`);
    assertEquals(ids, changes);
  });
}
