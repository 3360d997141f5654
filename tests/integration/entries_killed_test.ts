/** What people do to messages, while the service is killed at any moment. */
import { assert, assertEquals } from "@std/assert";
import type { Client, Frame } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { seeded } from "../support/random.ts";
import { readHistory, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const KILLS = 20;
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
  acknowledged = 0;

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
        assertEquals(answer.client_id, this.#unsent[0].frame.client_id);
        this.#unsent.shift()?.done(answer.id);
        this.acknowledged++;
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

Deno.test(`State and order of messages are as acknowledged after ${KILLS} kills in a flood of changes`, async () => {
  const random = seeded(16);
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/talksheet.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    RATE_MESSAGES_PER_MINUTE: "0",
  };
  const people = ROOMS.flatMap((room) => ["ada", "bo"].map((name) => new Changer(room, name, random)));
  for (let kill = 0; kill < KILLS; kill++) {
    await using service = await startProcess(env);
    const working = people.map((person) => person.work(service.url));
    const lifeMs = 100 + random() * (random() < 0.2 ? 2_000 : 400);
    await new Promise((resolve) => setTimeout(resolve, lifeMs));
    await service.kill();
    await Promise.all(working);
  }
  await using service = await startProcess(env);
  await Promise.all(people.map((person) => person.work(service.url, true)));
  const acknowledged = people.reduce((sum, person) => sum + person.acknowledged, 0);
  assert(acknowledged > 500, `${acknowledged} acknowledged`);
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
});
