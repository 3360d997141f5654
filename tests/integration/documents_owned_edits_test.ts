/** Whose edits are whose: under a client id that somebody has announced nobody else can write. */
import { assertEquals } from "@std/assert";
import * as encoding from "lib0/encoding";
import * as awareness from "y-protocols/awareness";
import * as Y from "yjs";
import { Documents, type OpenParticipation } from "../../rooms/documents/documents.ts";
import { Bus } from "../fakes/bus.ts";
import { member } from "../support/cast.ts";
import { Editor, until } from "../support/editor.ts";
import { startService } from "../support/service.ts";
import type { Visitor } from "../support/visitor.ts";

const ID = "minutes";
const MALFORMED = 1007;
const PATIENCE_MS = 30_000;
/** Of the sync protocol: an answer to what the service asked for, and an update made just now. */
const [ANSWER, UPDATE] = [1, 2];

/** A message of the sync protocol (0) or awareness (1). */
function frame(kind: number, ...content: (number | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, kind);
  for (const part of content) {
    if (typeof part === "number") encoding.writeVarUint(encoder, part);
    else encoding.writeVarUint8Array(encoder, part);
  }
  return encoding.toUint8Array(encoder);
}

/** What somebody could make up under another's client id, on top of what that one has. */
function forged(victim: Y.Doc, text: string): Uint8Array<ArrayBuffer> {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(victim));
  const state = Y.encodeStateVector(doc);
  doc.clientID = victim.clientID;
  doc.getText("content").insert(0, text);
  const update = Y.encodeStateAsUpdate(doc, state) as Uint8Array<ArrayBuffer>;
  doc.destroy();
  return update;
}

/** Sends frames of the sync protocol from a connection of one's own. */
async function attack(origin: string, { cookie }: Visitor, frames: readonly Uint8Array<ArrayBuffer>[]) {
  const socket = new WebSocket(`${origin.replace("http", "ws")}/ws/documents/${ID}`, { headers: { cookie } });
  socket.onerror = (event) => event.preventDefault();
  const closed = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("It was let in")), PATIENCE_MS);
    socket.onclose = ({ code }) => {
      clearTimeout(timer);
      resolve(code);
    };
  });
  await new Promise((resolve) => socket.onopen = resolve);
  for (const frame of frames) socket.send(frame);
  return { socket, closed };
}

Deno.test("Document keeps what somebody types whose id another one writes under before they begin", async () => {
  await using service = await startService();
  const [ada, eve] = [await member(service.url, "ada"), await member(service.url, "eve")];
  await using editor = await Editor.at(service.url, ID, ada);
  await using watcher = await Editor.at(service.url, ID, eve);
  await until(() => watcher.provider.awareness.getStates().has(editor.doc.clientID));
  const update = forged(editor.doc, "forged text that is longer");
  const live = await attack(service.url, eve, [frame(0, UPDATE, update)]);
  assertEquals(await live.closed, MALFORMED);
  const answer = await attack(service.url, eve, [frame(0, ANSWER, update)]);
  editor.text.insert(0, "what ada says");
  await until(() => watcher.text.toString() === "what ada says");
  answer.socket.close();
  await answer.closed;
  await using late = await Editor.at(service.url, ID, ada);
  assertEquals(late.text.toString(), "what ada says");
});

Deno.test("Document keeps what somebody types while their line is down", async () => {
  await using service = await startService();
  const [ada, eve] = [await member(service.url, "ada"), await member(service.url, "eve")];
  await using editor = await Editor.at(service.url, ID, ada);
  await using watcher = await Editor.at(service.url, ID, eve);
  editor.text.insert(0, "before, ");
  await until(() => watcher.text.length > 0);
  await editor.disconnect();
  const { closed } = await attack(service.url, eve, [frame(0, UPDATE, forged(editor.doc, "forged"))]);
  assertEquals(await closed, MALFORMED);
  editor.text.insert(editor.text.length, "offline");
  editor.connect(service.url, ID);
  await editor.synced();
  await until(() => watcher.text.toString() === "before, offline");
  // The connection that comes back is the same person's, under the same id.
  editor.text.insert(editor.text.length, ", after");
  await until(() => watcher.text.toString() === "before, offline, after");
  assertEquals(editor.closes.filter((code) => code === MALFORMED), []);
});

/** Somebody at an isolate, who speaks Yjs. */
class Person {
  readonly doc = new Y.Doc();
  readonly codes: number[] = [];
  readonly received: Uint8Array[] = [];
  readonly #name: string;
  #participation: OpenParticipation | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async sit(isolate: Documents): Promise<void> {
    this.#participation = await isolate.join(ID, {
      user: { id: `id of ${this.#name}`, name: this.#name },
      send: (data) => void (typeof data !== "string" && this.received.push(data)),
      drained: () => Promise.resolve(),
      close: (code) => Promise.resolve(void this.codes.push(code)),
    }, "yjs");
    this.say(frame(0, 0, Y.encodeStateVector(this.doc)));
  }

  /** Announces the client id, as every provider does when it connects. */
  announce(): void {
    const all = new awareness.Awareness(this.doc);
    this.say(frame(1, awareness.encodeAwarenessUpdate(all, [this.doc.clientID])));
    all.destroy();
  }

  answer(): void {
    this.say(frame(0, ANSWER, Y.encodeStateAsUpdate(this.doc)));
  }

  say(data: Uint8Array<ArrayBuffer>): void {
    this.#participation?.receive(data.slice().buffer);
  }

  leave(): void {
    this.#participation?.leave();
  }
}

/** Two isolates on one database. */
async function pair() {
  const kv = await Deno.openKv(":memory:");
  const bus = new Bus();
  const failed = (what: string, error: unknown): void => {
    throw new Error(what, { cause: error });
  };
  const isolates = await Promise.all([0, 1].map(async () => {
    const channel = bus.channel();
    const documents = new Documents({ kv, now: Date.now, channel, failed });
    await channel.listen(documents);
    return documents;
  }));
  return {
    bus,
    here: isolates[0],
    there: isolates[1],
    async [Symbol.asyncDispose]() {
      for (const isolate of isolates) await isolate.settle();
      for (const isolate of isolates) await isolate.close();
      kv.close();
    },
  };
}

Deno.test("Document lets nobody write under the id of somebody who is at another isolate", async () => {
  await using isolates = await pair();
  const [ada, eve] = [new Person("ada"), new Person("eve")];
  await eve.sit(isolates.there);
  await ada.sit(isolates.here);
  ada.announce();
  await until(() => isolates.bus.posts.some(({ type }) => type === "document_people"));
  eve.say(frame(0, UPDATE, forged(ada.doc, "forged")));
  assertEquals(eve.codes, [MALFORMED]);
  ada.doc.getText("content").insert(0, "mine");
  ada.answer();
  await isolates.here.settle();
  assertEquals(await isolates.here.read(ID), "mine");
  for (const person of [ada, eve]) person.leave();
});

Deno.test("Document takes somebody in who brings what another one has written elsewhere, once it is known", async () => {
  await using isolates = await pair();
  const [ada, bo] = [new Person("ada"), new Person("bo")];
  isolates.bus.loses = ({ type }) => type === "document_edit" || type === "document_saved";
  const waiter = new Person("cy");
  await waiter.sit(isolates.there);
  await ada.sit(isolates.here);
  ada.announce();
  ada.doc.getText("content").insert(0, "of ada");
  ada.answer();
  // Bo has seen it at ada's isolate, went on writing, and comes to another one that doesn't know of it yet.
  Y.applyUpdate(bo.doc, Y.encodeStateAsUpdate(ada.doc));
  bo.doc.getText("content").insert(6, ", and of bo");
  await bo.sit(isolates.there);
  bo.announce();
  bo.answer();
  const asked = bo.received.length;
  await until(() => bo.received.length > asked && bo.received.at(-1)?.[1] === 0);
  bo.answer();
  assertEquals(bo.codes, []);
  assertEquals(await isolates.there.read(ID), "of ada, and of bo");
  for (const person of [ada, bo, waiter]) person.leave();
});

Deno.test("Document takes in two people who each hold what the other one wrote and the service has lost", async () => {
  await using isolates = await pair();
  const people = [new Person("ada"), new Person("bo")];
  const [ada, bo] = people;
  const turns = 6;
  for (let turn = 0; turn < turns; turn++) {
    const [writer, reader] = turn % 2 ? [bo, ada] : [ada, bo];
    writer.doc.getText("content").insert(writer.doc.getText("content").length, `${turn}字`);
    Y.applyUpdate(reader.doc, Y.encodeStateAsUpdate(writer.doc));
  }
  ada.doc.getText("content").delete(0, 1);
  Y.applyUpdate(bo.doc, Y.encodeStateAsUpdate(ada.doc));
  for (const person of people) {
    await person.sit(isolates.here);
    person.announce();
  }
  for (let turn = 0; turn < turns; turn++) for (const person of people) person.answer();
  assertEquals(await isolates.here.read(ID), ada.doc.getText("content").toString());
  assertEquals(people.flatMap(({ codes }) => codes), []);
  for (const person of people) person.leave();
});
