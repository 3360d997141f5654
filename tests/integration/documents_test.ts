/** Documents that several people edit at once: what each of them sees. */
import { assert, assertEquals } from "@std/assert";
import * as encoding from "lib0/encoding";
import { writeUpdate } from "y-protocols/sync";
import * as Y from "yjs";
import { contentPrefix } from "../../rooms/documents/document_store.ts";
import { Documents } from "../../rooms/documents/documents.ts";
import { member, PASSWORD } from "../support/cast.ts";
import { Editor, Typist, until } from "../support/editor.ts";
import { engineTest } from "../support/servers.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

Deno.test("Document brings the edits of the stock provider and of plain frames to each other", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using editor = await Editor.at(service.url, "minutes", ada);
  editor.text.insert(0, "會議記錄 😀");
  await using typist = await Typist.at(service.url, "minutes", bo);
  assertEquals(typist.content, "會議記錄 😀");
  typist.insert(4, "：");
  await until(() => editor.text.toString() === "會議記錄： 😀");
  editor.text.delete(0, 2);
  const edit = await typist.client.next("edit");
  assertEquals(edit, { type: "edit", user: "ada", action: "delete", position: 0, text: "會議" });
  typist.catchUp();
  assertEquals(typist.content, editor.text.toString());
});

Deno.test("Document keeps its text over a restart, and says when it is durable", async () => {
  await using directory = await temporaryDirectory();
  {
    await using service = await startService({}, directory.path);
    const ada = await member(service.url, "ada");
    await using typist = await Typist.at(service.url, "a", ada);
    typist.insert(0, "kept");
    await typist.saved();
  }
  await using service = await startService({}, directory.path);
  const bo = await member(service.url, "bo");
  await using editor = await Editor.at(service.url, "a", bo);
  assertEquals(editor.text.toString(), "kept");
});

Deno.test("Document shows who is there and where, until they leave, to both kinds of clients", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using typist = await Typist.at(service.url, "a", bo);
  const editor = await Editor.at(service.url, "a", ada);
  const { awareness } = editor.provider;
  editor.text.insert(0, "hello");
  const place = (index: number) =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(editor.text, index));
  awareness.setLocalStateField("cursor", { anchor: place(2), head: place(4) });
  assertEquals(await typist.client.next("user_joined"), { type: "user_joined", user: "ada" });
  await typist.client.next("cursor", ({ user, position }) => user === "ada" && position === 4);
  typist.client.send({ type: "cursor_move", position: 1 });
  const head = () =>
    [...awareness.getStates().values()].find(({ user }) => user?.name === "bo")?.cursor?.head;
  await until(() => head() !== undefined);
  const found = Y.createAbsolutePositionFromRelativePosition(
    Y.createRelativePositionFromJSON(head()),
    editor.doc,
  );
  assertEquals(found?.index, 1);
  await editor[Symbol.asyncDispose]();
  assertEquals(await typist.client.next("user_left"), { type: "user_left", user: "ada" });
  await using late = await Editor.at(service.url, "a", ada);
  await until(() => late.provider.awareness.getStates().size === 2);
  await typist.client.close();
  await until(() => late.provider.awareness.getStates().size === 1);
});

Deno.test("Document of a megabyte opens, is saved as a snapshot, and refuses what is too much", async () => {
  await using directory = await temporaryDirectory();
  const line = "今天的會議記錄，還有一些別的事情要討論。\n";
  const text = line.repeat(Math.ceil(350_000 / line.length));
  {
    await using service = await startService({}, directory.path);
    const ada = await member(service.url, "ada");
    await using editor = await Editor.at(service.url, "big", ada);
    for (let from = 0; from < text.length; from += 100_000) {
      editor.text.insert(from, text.slice(from, from + 100_000));
    }
    await using typist = await Typist.at(service.url, "big", ada);
    await until(() => (typist.catchUp(), typist.content === text));
    await typist.saved();
    await using greedy = await Editor.at(service.url, "big", await member(service.url, "eve"));
    for (let i = 0; i < 4; i++) greedy.text.insert(0, text.slice(0, 150_000));
    await until(() => greedy.closes.includes(1009));
  }
  await using service = await startService({}, directory.path);
  await using editor = await Editor.at(service.url, "big", await member(service.url, "bo"));
  assert(editor.text.toString().endsWith(text));
  assert(editor.text.length < 2 * text.length + 10);
  // A browser that kept it brings all of it back before it knows what is here.
  await using other = await Editor.at(service.url, "big", await member(service.url, "cy"));
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  writeUpdate(encoder, Y.encodeStateAsUpdate(editor.doc));
  editor.provider.ws?.send(encoding.toUint8Array(encoder));
  editor.text.delete(0, 1);
  await until(() => other.text.length === editor.text.length);
  assertEquals(editor.closes, []);
});

for (const engine of ["BroadcastChannel", "KV", "Redis"] as const) {
  engineTest(`Documents over ${engine} are one for people at three services`, NEEDS[engine], async () => {
    await using ensemble = await startEnsemble(engine, 3);
    const { services } = ensemble;
    const people = [];
    for (const [i, name] of ["ada", "bo", "cy"].entries()) {
      await member(services[0].url, name);
      people.push(await Visitor.signedIn(services[i].url, name, PASSWORD));
    }
    await using ada = await Editor.at(services[0].url, "a", people[0]);
    await using bo = await Editor.at(services[1].url, "a", people[1]);
    await using cy = await Typist.at(services[2].url, "a", people[2]);
    // Others take no word of a client that hasn't changed its state once.
    for (const { provider } of [ada, bo]) provider.awareness.setLocalStateField("here", true);
    for (const name of ["ada", "bo"]) {
      await cy.client.until((frames) =>
        frames.some(({ type, user }) => type === "user_joined" && user === name)
      );
    }
    ada.text.insert(0, "one ");
    await until(() => bo.text.toString() === "one ");
    bo.text.insert(4, "two ");
    await until(() => (cy.catchUp(), cy.content === "one two "));
    cy.insert(8, "three ");
    // Larger than a post may be: it comes through KV.
    const large = "很長".repeat(5_000);
    ada.text.insert(0, large);
    const whole = `${large}one two three `;
    await until(() => [ada, bo].every(({ text }) => text.toString() === whole));
    await until(() => (cy.catchUp(), cy.content === whole));
    await until(() => bo.provider.awareness.getStates().size === 3);
    const users = cy.client.all("edit").map(({ user }) => user);
    assertEquals([...new Set(users)], ["ada", "bo"]);
    await ada.disconnect();
    await until(() => bo.provider.awareness.getStates().size === 2);
  });
}

Deno.test("Documents keep a version of what was before each session of work, and restore it by a new edit", async () => {
  const kv = await Deno.openKv(":memory:");
  let now = Date.UTC(2026, 0, 5, 9);
  const failures: unknown[] = [];
  const documents = new Documents({
    kv,
    now: () => now,
    channel: undefined,
    failed: (_what, error) => failures.push(error),
  });
  const connection = {
    user: { id: "ada", name: "ada" },
    send() {},
    drained: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const participation = await documents.join("a", connection, "plain");
  const write = async (text: string) => {
    const position = (await documents.read("a")).length;
    participation?.receive(JSON.stringify({ type: "edit", action: "insert", position, text }));
    await documents.settle();
  };
  await write("first.");
  now += 9 * 60_000;
  await write(" second.");
  assertEquals(await documents.documentList.versions.list("a"), []);
  now += 2 * 60_000;
  await write(" third.");
  now += 60_000;
  await write(" fourth.");
  await until(() => failures.length === 0);
  const [version, ...others] = await documents.documentList.versions.list("a");
  assertEquals([others, version.authors], [[], ["ada"]]);
  // When it was as it says, and not when it was kept.
  assertEquals([version.editedAt, version.at], [now - 3 * 60_000, now - 60_000]);
  assertEquals(await documents.documentList.versions.text("a", version.id), "first. second.");
  assert(await documents.restore("a", version.id, { id: "bo", name: "bo" }));
  assertEquals(await documents.read("a"), "first. second.");
  const [latest] = await documents.documentList.versions.list("a");
  assertEquals(await documents.documentList.versions.text("a", latest.id), "first. second. third. fourth.");
  assertEquals(await documents.restore("a", "0".repeat(26), { id: "bo", name: "bo" }), false);
  participation?.leave();
  await documents.close();
  kv.close();
  assertEquals(failures, []);
});

Deno.test("Documents over HTTP are for all to read and for accounts to change, from our own pages", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService({}, directory.path);
  const [ada, guest] = [await member(service.url, "ada"), new Visitor(service.url)];
  const created = await ada.ask("POST", "/api/documents", { title: " 週會\n記錄 " });
  assertEquals([created.status, created.body.title], [201, "週會 記錄"]);
  const path = `/api/documents/${created.body.id}`;
  await using typist = await Typist.at(service.url, created.body.id, ada);
  typist.insert(0, "一、二");
  await typist.saved();
  assertEquals((await guest.ask("GET", `${path}/text`)).body, { text: "一、二" });
  const file = await guest.ask("GET", `${path}/text?as=md`);
  assertEquals(file.body, "# 週會 記錄\n\n一、二");
  assert(file.headers.get("content-disposition")?.includes(`${encodeURIComponent("週會 記錄")}.md`));
  assertEquals((await guest.ask("GET", "/api/documents")).body.documents.length, 1);
  for (
    const [who, method, at, body, outcome] of [
      [guest, "POST", "/api/documents", { title: "x" }, [401, "not_signed_in"]],
      [guest, "PATCH", path, { title: "x" }, [401, "not_signed_in"]],
      [guest, "POST", `${path}/versions/${"0".repeat(26)}/restore`, {}, [401, "not_signed_in"]],
      [ada, "POST", `${path}/versions/${"0".repeat(26)}/restore`, {}, [404, "not_found"]],
      [ada, "GET", `${path}/versions/x`, undefined, [404, "not_found"]],
      [ada, "GET", "/api/documents/nothing/text", undefined, [404, "not_found"]],
      [ada, "GET", `${path}/text?as=exe`, undefined, [400, "invalid_request"]],
      [ada, "PATCH", path, { title: 5 }, [400, "invalid_request"]],
      [ada, "PATCH", path, { title: "x".repeat(201) }, [400, "invalid_request"]],
      [ada, "PATCH", path, { title: "新名" }, [200]],
    ] as const
  ) assertEquals([at, await who.outcome(method, at, body)], [at, [...outcome]]);
  using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  const version = { id: "0".repeat(26), at: 2_000, editedAt: 1_000, authors: [], length: 0, parts: 0 };
  await kv.set([...contentPrefix(created.body.id), "version", version.id], version);
  const { versions } = (await guest.ask("GET", `${path}/versions`)).body;
  assertEquals(versions.map(({ timestamp }: { timestamp: string }) => Date.parse(timestamp)), [1_000]);
  const foreign = await ada.ask("PATCH", path, { title: "stolen" }, { origin: "https://evil.example" });
  assertEquals(foreign.status, 403);
  assertEquals((await guest.ask("GET", path)).body.title, "新名");
});

Deno.test("Documents are closed to guests where people have to sign in", async () => {
  await using service = await startService({ auth: "required" });
  const ada = await member(service.url, "ada");
  const { body: { id } } = await ada.ask("POST", "/api/documents", { title: "secret" });
  const guest = new Visitor(service.url);
  assertEquals((await guest.ask("GET", `/api/documents/${id}/text`)).status, 401);
  const page = await guest.ask("GET", `/docs/${id}/`);
  assertEquals([page.status, page.headers.get("location")?.startsWith("/account/sign-in/")], [302, true]);
});
