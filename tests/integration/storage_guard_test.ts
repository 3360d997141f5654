/** What has to hold when the database file is taken away under the running service, or the disk takes no more. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { StorageGuard, StorageLostError } from "../../rooms/kv/storage_guard.ts";
import { backend } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { startService, temporaryDirectory, type TestService } from "../support/service.ts";

/** What happens to the file, by the path of the database. */
const LOSSES: Record<string, (path: string) => Promise<void>> = {
  "is deleted": (path) => Deno.remove(path),
  "is moved away": (path) => Deno.rename(path, `${path}.old`),
  "is replaced by a copy": async (path) => {
    await Deno.copyFile(path, `${path}.copy`);
    await Deno.rename(`${path}.copy`, path);
  },
  "is deleted with its directory": (path) => Deno.remove(path.replace(/\/[^/]+$/, ""), { recursive: true }),
  "loses its write-ahead log": async (path) => {
    await Deno.remove(`${path}-wal`);
    await Deno.remove(`${path}-shm`);
  },
};

for (const [what, lose] of Object.entries(LOSSES)) {
  Deno.test(`Nothing is acknowledged once the database file ${what}`, async () => {
    await using directory = await temporaryDirectory();
    const kvPath = `${directory.path}/data/talksheet.db`;
    await using service = await startService(
      { kvPath, logCsvPath: `${directory.path}/log.csv` },
      directory.path,
    );
    await using ada = await Client.enter(service.url, "lobby", "?username=ada");
    await ada.say("before");
    assertEquals((await health(service)).status, "ok");
    await lose(kvPath);
    // Whoever asks makes it look, and so does whoever writes.
    const { status, reason } = await health(service);
    assertEquals(status, "degraded");
    assertMatch(String(reason), /The database file .*talksheet\.db.* (deleted or moved|replaced)/);
    await refuses(service, ada);
    assertEquals(ada.all("ack").length, 1);
  });
}

Deno.test("The very next message isn't acknowledged when the database file is deleted, whoever looks", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService({}, directory.path);
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const { id } = await ada.say("before");
  await ada.next("recorded", ({ ids }) => ids.includes(id));
  // So that nothing else writes or looks in between: the message itself has to find out.
  removeAtOnce(`${directory.path}/talksheet.db`);
  await refuses(service, ada);
  assertEquals(ada.all("ack").length, 1);
});

Deno.test("What is said is acknowledged again, and stands after a restart, when the file is put back", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/talksheet.db`;
  {
    await using service = await startService({}, directory.path);
    await using ada = await Client.enter(service.url, "lobby", "?username=ada");
    await ada.say("before");
    await Deno.rename(path, `${path}.old`);
    await refuses(service, ada);
    await Deno.rename(`${path}.old`, path);
    await health(service);
    const { id } = await ada.say("after");
    await ada.next("recorded", ({ ids }) => ids.includes(id));
    assertEquals((await health(service)).status, "ok");
  }
  await using service = await startService({}, directory.path);
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  const said = bo.all("history")[0].messages.map(({ message }: { message: string }) => message);
  assert(said.includes("before") && said.at(-1) === "after", said.join());
});

for (const cause of ["database or disk is full", "readonly database", "disk I/O error"]) {
  Deno.test(`StorageGuard tells that a write failed (${cause}) until one succeeds`, async () => {
    using kv = await Deno.openKv(":memory:");
    const told: (string | undefined)[] = [];
    const set = kv.set.bind(kv);
    let isFull = true;
    kv.set = (...args) => isFull ? Promise.reject(new TypeError(`attempt to write: ${cause}`)) : set(...args);
    const storage = new StorageGuard(undefined, (trouble) => told.push(trouble));
    storage.guard(kv);
    for (let i = 0; i < 2; i++) await kv.set(["key"], i).catch(() => {});
    assertMatch(String(storage.trouble), new RegExp(cause));
    isFull = false;
    await kv.set(["key"], 1);
    assertEquals([storage.trouble, told.length, told[1]], [undefined, 2, undefined]);
    // The writer's own mistakes are no trouble of the disk.
    await kv.set(["key"], "x".repeat(70_000)).catch(() => {});
    assertEquals(storage.trouble, undefined);
  });
}

Deno.test("StorageGuard.guard() refuses every kind of write once the file is lost, and lets everyone read", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/t.db`;
  const storage = new StorageGuard(path, () => {});
  using kv = storage.guard(await Deno.openKv(path));
  await kv.set(["key"], "value");
  await Deno.remove(path);
  const writes = [
    () => kv.set(["key"], 1),
    () => kv.delete(["key"]),
    () => kv.enqueue("message"),
    () => kv.atomic().check({ key: ["none"], versionstamp: null }).set(["key"], 2).commit(),
  ];
  for (const write of writes) {
    const error = await write().then(() => undefined, (error) => error);
    assert(error instanceof StorageLostError, String(error));
  }
  assert((await kv.get(["key"])).value !== null);
});

function removeAtOnce(path: string): void {
  Deno.removeSync(path);
}

async function health(service: TestService): Promise<{ status: string; reason?: string }> {
  const response = await fetch(`${service.url}/healthz`);
  assertEquals(response.status, 200);
  return await response.json();
}

/** Whatever would have to be kept is refused, however it comes. */
async function refuses(service: TestService, client: Client): Promise<void> {
  for (const clientId of ["1", "1", "2"]) {
    client.send({ type: "chat_message", message: "lost", client_id: clientId });
    const error = await client.next("error");
    assertEquals(error.client_id, clientId);
    assert(["internal", "storage_lost"].includes(error.code), error.code);
  }
  const keeper = backend(service.url);
  const account = { username: "bo", password: "a long password" };
  const posts: [string, object][] = [
    ["/api/rooms/lobby/messages", { message: "hi" }],
    ["/api/users", account],
    ["/api/events", { type: "new_order" }],
  ];
  for (const [path, body] of posts) assertEquals((await keeper.ask("POST", path, body)).status, 503, path);
}
