import { assertEquals, assertRejects } from "@std/assert";
import { migrate } from "../../rooms/kv/stored_version.ts";
import { MIGRATIONS } from "../../rooms/migrations.ts";
import { ConfigError } from "../../routes/config.ts";
import { Client } from "../support/client.ts";
import { parseCsv, startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const PASSWORD = "correct horse battery";

Deno.test("migrate() carries out each step once and in order, also when several processes begin together", async () => {
  using kv = await Deno.openKv(":memory:");
  const step = (name: string) => async (kv: Deno.Kv): Promise<void> => {
    const done = await kv.get<string[]>(["done"]);
    if (!done.value?.includes(name)) {
      await kv.atomic().check(done).set(["done"], [...done.value ?? [], name]).commit();
    }
  };
  const steps = [step("one"), step("two")];
  await Promise.all([migrate(kv, steps), migrate(kv, steps), migrate(kv, steps)]);
  await migrate(kv, [...steps, step("three")]);
  assertEquals((await kv.get(["done"])).value, ["one", "two", "three"]);
});

Deno.test("migrate() goes on with the step in which a process died", async () => {
  using kv = await Deno.openKv(":memory:");
  const done: string[] = [];
  const steps = [
    () => Promise.resolve(void done.push("one")),
    () => done.includes("died") ? Promise.resolve() : Promise.reject(new Error(`died ${done.push("died")}`)),
  ];
  await assertRejects(() => migrate(kv, steps), Error, "died");
  await migrate(kv, steps);
  assertEquals(done, ["one", "died"]);
});

Deno.test("Service refuses data of a newer program with a sentence, and changes nothing", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/talksheet.db`;
  {
    using kv = await Deno.openKv(path);
    await kv.set(["version"], MIGRATIONS.length + 1);
  }
  await assertRejects(() => startService({}, directory.path), ConfigError, "written by a newer Talksheet");
  using kv = await Deno.openKv(path);
  assertEquals((await kv.get(["version"])).value, MIGRATIONS.length + 1);
});

Deno.test("Service opens rooms, accounts, documents and waiting rows that were written before there were versions", async () => {
  await using directory = await temporaryDirectory();
  await unpack(directory.path);
  const csv = `${directory.path}/ChatLogs.csv`;
  const before = parseCsv(await Deno.readTextFile(csv));
  await using service = await startService({}, directory.path);

  const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const bo = await Visitor.signedIn(service.url, "bo", PASSWORD);
  const history =
    (await ada.ask("GET", `/api/rooms/${encodeURIComponent("聊天室")}/messages?limit=200`)).body;
  assertEquals(history.messages.length, 64);
  assertEquals(history.messages[0].message, "第 0 則 message 0");
  assertEquals((await ada.ask("GET", "/api/rooms/Support/messages")).body.messages[0].message, "in Support");
  assertEquals((await bo.ask("GET", "/api/rooms/desk/messages")).status, 403);
  assertEquals((await bo.ask("GET", "/api/notifications")).body.notifications.length, 1);
  const { documents } = (await ada.ask("GET", "/api/documents")).body;
  assertEquals(documents.map(({ title }: { title: string }) => title), ["Minutes 會議"]);
  const text = await ada.ask("GET", `/api/documents/${documents[0].id}/text?as=txt`);
  assertEquals(text.body, "第一行 first line");

  await service.sweep();
  const rows = await service.rows();
  assertEquals(rows.slice(0, before.length), before);
  assertEquals(rows.slice(before.length).map(([, , , message]) => message), [
    "waiting 0",
    "waiting 1",
    "waiting 2",
  ]);
  await using cy = await Client.enter(service.url, "聊天室", "?username=cy");
  await cy.say("and on");
});

/** Data that the program of November 2026 wrote, three rows of which wait. */
async function unpack(directory: string): Promise<void> {
  const fixture = new URL("../fixtures/unversioned/", import.meta.url);
  const packed = await Deno.open(new URL("talksheet.db.gz", fixture));
  const database = await Deno.create(`${directory}/talksheet.db`);
  await packed.readable.pipeThrough(new DecompressionStream("gzip")).pipeTo(database.writable);
  await Deno.copyFile(new URL("ChatLogs.csv", fixture), `${directory}/ChatLogs.csv`);
}
