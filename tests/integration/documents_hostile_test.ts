/** Documents and those who mean no good: whatever comes, the sender is told or closed, and nobody else notices. */
import { assert, assertEquals } from "@std/assert";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { MAX_FRAME_BYTES, MAX_UPDATE_FRAME_BYTES } from "../../rooms/documents/plain_frames.ts";
import { member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { Editor, Typist, until } from "../support/editor.ts";
import { seeded } from "../support/random.ts";
import { startService, type TestService, TOKEN } from "../support/service.ts";
import type { Visitor } from "../support/visitor.ts";

const ID = "minutes";

/** A frame of the sync protocol: 0 asks, 1 answers, 2 brings an update. */
function syncFrame(type: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, type);
  encoding.writeVarUint8Array(encoder, content);
  return encoding.toUint8Array(encoder);
}

/** What a document does, as an update. */
function updateOf(act: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  act(doc);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}

/** An update whose numbers are as given. */
function made(...numbers: number[]): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const number of numbers) encoding.writeVarUint(encoder, number);
  return encoding.toUint8Array(encoder);
}

/** A socket that sends bytes and resolves to the code that it is closed with. */
class Attacker {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;

  constructor(service: TestService, { cookie }: Visitor) {
    const headers = { cookie };
    this.socket = new WebSocket(`${service.url.replace("http", "ws")}/ws/documents/${ID}`, { headers });
    this.socket.binaryType = "arraybuffer";
    this.closed = new Promise((resolve) => this.socket.onclose = ({ code }) => resolve(code));
    this.socket.onerror = (event) => event.preventDefault();
  }

  async send(...frames: (Uint8Array<ArrayBuffer> | string)[]): Promise<number> {
    if (this.socket.readyState !== WebSocket.OPEN) {
      await new Promise((resolve) => this.socket.onopen = resolve);
    }
    for (const frame of frames) this.socket.send(frame);
    return await this.closed;
  }
}

const good = (text: string) => updateOf((doc) => doc.getText("content").insert(0, text));
const half = good("half of it");
const ATTACKS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "an empty frame": new Uint8Array(),
  "an empty update": syncFrame(2, new Uint8Array()),
  "half an update": syncFrame(2, half.slice(0, half.length - 2)),
  "an update with a broken end": syncFrame(2, new Uint8Array([...half.slice(0, -1), 9, 9, 9])),
  "a length that lies": new Uint8Array([0, 2, 0xff, 0xff, 0x03, 1]),
  "a message of the sync protocol that isn't one": syncFrame(7, new Uint8Array([1])),
  "a broken state vector": syncFrame(0, new Uint8Array([0xff])),
  "a map": syncFrame(2, updateOf((doc) => doc.getMap("content").set("a", 1))),
  "another text": syncFrame(2, updateOf((doc) => doc.getText("other").insert(0, "hidden"))),
  "an object in the text": syncFrame(2, updateOf((doc) => doc.getText("content").insertEmbed(0, { a: 1 }))),
  "formats": syncFrame(2, updateOf((doc) => doc.getText("content").insert(0, "a", { bold: true }))),
  "a document in the document": syncFrame(2, updateOf((doc) => doc.getMap("content").set("a", new Y.Doc()))),
  // One client, one struct of 2^50 deleted characters.
  "a huge clock": syncFrame(2, made(1, 1, 5, 0, 0, 2 ** 50, 0)),
  "a huge deletion": syncFrame(2, made(0, 1, 5, 1, 0, 2 ** 50)),
  "more structs than it has": syncFrame(2, made(1, 2 ** 40, 5, 0)),
  "more deletions than it has": syncFrame(2, made(0, 2 ** 40)),
  "an answer built upon what nobody has": syncFrame(1, made(1, 1, 5, 7, 0, 3, 0)),
  "a deletion of what nobody has, as an answer": syncFrame(1, made(0, 1, 5, 1, 3, 4)),
  "awareness that isn't": new Uint8Array([1, 3, 1, 1, 1]),
};

Deno.test("Document closes whoever sends what it can't be, and nobody else notices", async () => {
  await using service = await startService();
  const [ada, eve] = [await member(service.url, "ada"), await member(service.url, "eve")];
  await using editor = await Editor.at(service.url, ID, ada);
  editor.text.insert(0, "safe");
  const before = Y.encodeStateAsUpdate(editor.doc);
  for (const [name, frame] of Object.entries(ATTACKS)) {
    const code = await new Attacker(service, eve).send(frame);
    assertEquals([name, code], [name, 1007]);
  }
  // A later protocol's message is passed over; one too large isn't read.
  for (const large of [new Uint8Array(MAX_UPDATE_FRAME_BYTES + 1), "x".repeat(MAX_FRAME_BYTES + 1)]) {
    assertEquals(await new Attacker(service, eve).send(new Uint8Array([99]), large), 1009);
  }
  const asks = Array.from({ length: 21 }, () => syncFrame(2, made(1, 1, 5, 7, 0, 3, 0)));
  assertEquals(await new Attacker(service, eve).send(...asks), 1007);
  editor.text.insert(4, "!");
  await using late = await Editor.at(service.url, ID, eve);
  assertEquals(late.text.toString(), "safe!");
  assertEquals(editor.closes, []);
  assert(Y.encodeStateAsUpdate(late.doc).length < before.length + 50);
});

Deno.test("Document takes chance's bytes for what they are", async () => {
  await using service = await startService();
  const eve = await member(service.url, "eve");
  const random = seeded(7);
  const template = syncFrame(2, good("some text that is long enough to be spoilt"));
  await Promise.all(Array.from({ length: 40 }, async () => {
    const frame = template.map((byte) => random() < 0.1 ? Math.floor(random() * 256) : byte);
    const attacker = new Attacker(service, eve);
    setTimeout(() => attacker.socket.close(), 1_000);
    await attacker.send(frame);
  }));
  await using editor = await Editor.at(service.url, ID, eve);
  editor.text.insert(0, "works");
  await using typist = await Typist.at(service.url, ID, eve);
  assert(typist.content.startsWith("works"));
});

Deno.test("Document lets nobody edit, or be shown, in somebody else's name", async () => {
  await using service = await startService();
  const [ada, eve] = [await member(service.url, "ada"), await member(service.url, "eve")];
  await using editor = await Editor.at(service.url, ID, ada);
  editor.provider.awareness.setLocalStateField("user", { name: "root" });
  editor.text.insert(0, "mine");
  await using watcher = await Editor.at(service.url, ID, eve);
  const names = (): string[] =>
    [...watcher.provider.awareness.getStates().values()].flatMap(({ user }) => user?.name ?? []);
  await until(() => names().includes("ada"));
  assert(!names().includes("root"));
  const forged = new Y.Doc();
  Y.applyUpdate(forged, Y.encodeStateAsUpdate(editor.doc));
  forged.clientID = editor.doc.clientID;
  const state = Y.encodeStateVector(forged);
  forged.getText("content").insert(4, "forged");
  const update = syncFrame(2, Y.encodeStateAsUpdate(forged, state));
  assertEquals(await new Attacker(service, eve).send(update), 1007);
  forged.destroy();
  editor.text.insert(4, "!");
  await until(() => watcher.text.toString() === "mine!");
});

Deno.test("Document answers a plain client's mistakes, and changes nothing", async () => {
  await using service = await startService();
  const eve = await member(service.url, "eve");
  await using typist = await Typist.at(service.url, ID, eve);
  typist.insert(0, "a😀b");
  const edit = (fields: object) => ({ type: "edit", action: "insert", position: 0, text: "x", ...fields });
  const mistakes: [unknown, string][] = [
    ["{", "invalid_json"],
    [[], "invalid_json"],
    [{}, "unknown_type"],
    [{ type: "constructor" }, "unknown_type"],
    [edit({ position: 5 }), "invalid_position"],
    [edit({ position: -1 }), "invalid_position"],
    [edit({ position: 0.5 }), "invalid_position"],
    [edit({ position: "1" }), "invalid_position"],
    [edit({ position: 1e300 }), "invalid_position"],
    [edit({ position: 2 }), "invalid_position"],
    [edit({ action: "delete", text: "b" }), "invalid_position"],
    [edit({ action: "delete", position: 3, text: "bb" }), "invalid_position"],
    [edit({ action: "delete", position: 1, text: "\ud83d" }), "invalid_frame"],
    [edit({ text: "" }), "invalid_frame"],
    [edit({ text: 5 }), "invalid_frame"],
    [edit({ action: "replace" }), "invalid_frame"],
    [{ type: "cursor_move", position: 5 }, "invalid_position"],
  ];
  for (const [frame, code] of mistakes) {
    typist.client.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    const error = await typist.client.next("error");
    assertEquals([frame, error.code], [frame, code]);
  }
  await using late = await Typist.at(service.url, ID, eve);
  assertEquals(late.content, "a😀b");
});

Deno.test("Document is for people with an account, at places that can be documents", async () => {
  await using service = await startService();
  const address = `${service.url.replace("http", "ws")}/ws/documents`;
  for (const [query, code] of [["", 4001], ["?token=nobodys", 4001], [`?token=${TOKEN}`, 4003]] as const) {
    assertEquals((await new Client(`${address}/${ID}/${query}`).closed).code, code);
  }
  for (const id of ["a%20b", "a".repeat(65), "%3Cb%3E"]) {
    const response = await fetch(`${service.url}/ws/documents/${id}/`);
    assertEquals([response.status, (await response.json()).code], [400, "invalid_document"]);
  }
  const ada = await member(service.url, "ada");
  const foreign = new Client(`${address}/${ID}/`, {
    headers: { cookie: ada.cookie, origin: "https://evil.example" },
  });
  await foreign.closed;
  assertEquals(foreign.frames, []);
});
