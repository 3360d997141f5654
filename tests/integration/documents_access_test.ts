/** Who may know of a document, be at it, and take it away; on every way in. */
import { assert, assertEquals } from "@std/assert";
import { MAX_DOCUMENTS_PER_HOUR } from "../../rooms/documents/document_quota.ts";
import { Documents } from "../../rooms/documents/documents.ts";
import { UNDO_MS } from "../../rooms/documents/document_access.ts";
import { backend, member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { Typist } from "../support/editor.ts";
import { startService, temporaryDirectory, type TestService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const NOT_ALLOWED = 4003;
const DAY_MS = 24 * 60 * 60_000;

/** A private document of ada's that holds a text and a version. */
async function secret(service: TestService, ada: Visitor): Promise<string> {
  const { body } = await ada.ask("POST", "/api/documents", { title: "Salaries", private: true });
  await using typist = await Typist.at(service.url, body.id, ada);
  typist.insert(0, "what nobody else reads");
  await typist.saved();
  return body.id;
}

/** The code that a socket at a document is closed with. */
async function codeOf(service: TestService, id: string, who: Visitor): Promise<number> {
  const address = `${service.url.replace("http", "ws")}/ws/documents/${id}/`;
  return (await new Client(address, { headers: { cookie: who.cookie } }).closed).code;
}

Deno.test("Documents that are private are there for their maker, members and admins, on every way in", async () => {
  await using service = await startService();
  const [ada, bo, eve] = [
    await member(service.url, "ada"),
    await member(service.url, "bo"),
    await member(service.url, "eve"),
  ];
  const root = await member(service.url, "root", "admin");
  const id = await secret(service, ada);
  const path = `/api/documents/${id}`;
  const version = "0".repeat(26);
  const guest = new Visitor(service.url);
  const missing: [number, string] = [404, "not_found"];
  for (const who of [eve, guest]) {
    for (
      const at of [
        path,
        `${path}/text`,
        `${path}/text?as=md`,
        `${path}/versions`,
        `${path}/versions/${version}`,
      ]
    ) {
      assertEquals([at, await who.outcome("GET", at)], [at, missing]);
    }
    assertEquals((await who.ask("GET", "/api/documents")).body, { documents: [] });
    assertEquals((await who.ask("GET", "/api/documents?q=salaries")).body, { documents: [] });
    assertEquals((await who.ask("GET", "/api/documents?deleted=1")).body, { documents: [] });
    assertEquals(await who.outcome("POST", `${path}/restore`, {}), missing);
  }
  for (
    const [method, at, body] of [
      ["PATCH", path, { title: "mine" }],
      ["PATCH", path, { private: false }],
      ["DELETE", path, undefined],
      ["POST", `${path}/versions/${version}/restore`, {}],
    ] as const
  ) assertEquals([method, await eve.outcome(method, at, body)], [method, missing]);
  assertEquals(await codeOf(service, id, eve), NOT_ALLOWED);
  assertEquals((await eve.ask("GET", `/docs/${id}/`, undefined, { accept: "text/html" })).status, 404);
  const toSignIn = await guest.ask("GET", `/docs/${id}/`, undefined, { accept: "text/html" });
  assertEquals(
    toSignIn.headers.get("location"),
    `/account/sign-in/?to=${encodeURIComponent(`/docs/${id}/`)}`,
  );

  for (const who of [ada, root, backend(service.url)]) {
    assertEquals((await who.ask("GET", `${path}/text`)).body, { text: "what nobody else reads" });
    assertEquals(
      (await who.ask("GET", "/api/documents")).body.documents.map(({ id }: { id: string }) => id),
      [id],
    );
  }
  const shared = await ada.ask("PATCH", path, { members: ["BO"] });
  assertEquals([shared.status, shared.body.members], [200, ["bo"]]);
  await using typist = await Typist.at(service.url, id, bo);
  assertEquals(typist.content, "what nobody else reads");
  // A member reads and writes, and that is all.
  assertEquals(await bo.outcome("PATCH", path, { members: ["eve"] }), [403, "not_allowed"]);
  assertEquals(await bo.outcome("DELETE", path), [403, "not_allowed"]);
  assertEquals((await bo.ask("GET", path)).body.members, undefined);
  const unknown = await ada.ask("PATCH", path, { members: ["bo", "nobody", "noone"] });
  assertEquals([unknown.status, unknown.body.code, unknown.body.names], [400, "unknown_account", [
    "nobody",
    "noone",
  ]]);
});

Deno.test("Documents turn out who may no longer be there, at every isolate, and take nothing more of them", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService({ fanOut: "broadcast" }, directory.path);
  await using other = await startService(
    { fanOut: "broadcast", logCsvPath: `${directory.path}/other.csv` },
    directory.path,
  );
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const id = await secret(service, ada);
  await ada.ask("PATCH", `/api/documents/${id}`, { members: ["bo"] });
  await using here = await Typist.at(service.url, id, bo);
  await using there = await Typist.at(other.url, id, bo);
  await using own = await Typist.at(other.url, id, ada);
  await ada.ask("PATCH", `/api/documents/${id}`, { members: [] });
  for (const typist of [here, there]) assertEquals((await typist.client.closed).code, NOT_ALLOWED);
  own.insert(0, "still ");
  await own.saved();
  await ada.ask("DELETE", `/api/documents/${id}`);
  assertEquals((await own.client.closed).code, NOT_ALLOWED);
  assertEquals(await codeOf(other, id, ada), NOT_ALLOWED);
});

Deno.test("Documents come back within a day of their deletion, whole, and are gone after it", async () => {
  const kv = await Deno.openKv(":memory:");
  let now = 1_000;
  const failures: unknown[] = [];
  const failed = (_: string, error: unknown): void => void failures.push(error);
  const documents = new Documents({ kv, now: () => now, channel: undefined, lingerMs: 1, failed });
  const { documentList } = documents;
  const ada = { id: "ada", name: "ada" };
  const { id } = await documentList.create("Minutes", ada, { isPrivate: false });
  const connection = {
    user: ada,
    send() {},
    drained: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const participation = await documents.join(id, connection, "plain");
  const insert = (text: string) =>
    participation?.receive(JSON.stringify({ type: "edit", action: "insert", position: 0, text }));
  insert("first");
  await documents.settle();
  now += 11 * 60_000;
  insert("second, ");
  await documents.settle();
  await documentList.remove(id);
  participation?.leave();
  assertEquals([await documentList.entry(id), (await documentList.stored(id))?.title], [
    undefined,
    "Minutes",
  ]);
  now += UNDO_MS - 1;
  await documents.removeDeleted();
  assertEquals((await documentList.recover(id))?.title, "Minutes");
  assertEquals(await documents.read(id), "second, first");
  const [version] = await documentList.versions.list(id);
  assertEquals(await documentList.versions.text(id, version.id), "first");
  await documentList.remove(id);
  now += UNDO_MS + 1;
  assertEquals(await documentList.recover(id), undefined);
  now += DAY_MS;
  await documents.close();
  await documents.removeDeleted();
  const left = await Array.fromAsync(kv.list({ prefix: [] }), ({ key }) => key.join(" "));
  assertEquals(left.sort(), ["documents_made ada"]);
  kv.close();
  assertEquals(failures, []);
});

Deno.test("Documents are so many an hour for each account, by whatever way, and others make theirs", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const make = (who: Visitor, title: string) => who.outcome("POST", "/api/documents", { title });
  const first = await ada.ask("POST", "/api/documents", { title: "first" });
  await using typist = await Typist.at(service.url, "named-by-a-program", ada);
  typist.insert(0, "x");
  await typist.saved();
  const outcomes = await Promise.all(
    Array.from({ length: MAX_DOCUMENTS_PER_HOUR + 20 }, (_, i) => make(ada, `flood ${i}`)),
  );
  const made = outcomes.filter(([status]) => status === 201).length;
  assert(made <= MAX_DOCUMENTS_PER_HOUR - 1 && made >= MAX_DOCUMENTS_PER_HOUR - 2, String(made));
  // Deleting one makes no room within the hour.
  await ada.ask("DELETE", `/api/documents/${first.body.id}`);
  assertEquals(await make(ada, "one more"), [429, "too_many_documents"]);
  assertEquals(await codeOf(service, "another-by-a-program", ada), NOT_ALLOWED);
  assertEquals(await make(bo, "weekly"), [201]);
  // And what others look for is found.
  const found = await bo.ask("GET", "/api/documents?q=WEEKLY");
  assertEquals(found.body.documents.map(({ title }: { title: string }) => title), ["weekly"]);
});

Deno.test("Documents are listed page by page, the latest first, those of earlier versions too", async () => {
  await using directory = await temporaryDirectory();
  const kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  for (let n = 0; n < 1_000; n++) {
    const id = `old-${String(n).padStart(3, "0")}`;
    const entry = {
      id,
      title: `會議 ${n}`,
      createdAt: n,
      createdBy: "ada",
      editedAt: n,
      authors: [],
      versionedAt: n,
    };
    await kv.set(["document", id], entry);
  }
  kv.close();
  await using service = await startService({}, directory.path);
  const ada = await member(service.url, "ada");
  const titles: string[] = [];
  let next: string | undefined = "";
  while (next !== undefined) {
    const { body }: { body: { documents: { title: string }[]; next?: string } } = await ada.ask(
      "GET",
      `/api/documents?limit=100${next && `&before=${encodeURIComponent(next)}`}`,
    );
    titles.push(...body.documents.map(({ title }) => title));
    next = body.next;
  }
  assertEquals(titles, Array.from({ length: 1_000 }, (_, n) => `會議 ${999 - n}`));
  const { body } = await ada.ask("GET", `/api/documents?q=${encodeURIComponent("議　１１９")}`);
  assertEquals(body.documents.length, 1);
  // Nobody knows whose they are by now: admins look after them.
  assertEquals(await ada.outcome("DELETE", "/api/documents/old-001"), [403, "not_allowed"]);
  const root = await member(service.url, "root", "admin");
  assertEquals(await root.outcome("DELETE", "/api/documents/old-001"), [200]);
  assertEquals(await root.outcome("POST", "/api/documents/old-001/restore", {}), [200]);
});
