/** What has to hold of processes that were paused, or whose clock jumped, while something was deleted or forbidden. */
import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { type Change, ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { systemClock } from "../../rooms/clock.ts";
import { Deletion } from "../../rooms/messages/deletion.ts";
import { PermissionStore, sendPermissions } from "../../rooms/access/room_permissions.ts";
import { guest } from "../../rooms/user.ts";
import { Bus } from "../fakes/bus.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { backend } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { engineTest, startDenokv } from "../support/servers.ts";
import { enter, type Isolate, openIsolates, stored, until } from "../support/isolates.ts";
import { startProcess } from "../support/process.ts";
import { readHistory, startService, temporaryDirectory, TOKEN } from "../support/service.ts";

const LATE_MS = 301_000;

/** Registers a test with a feed that nobody but the test reads, and what it has told so far. */
function changesTest(
  name: string,
  act: (parts: { kv: Deno.Kv; clock: SwiftClock; changes: ChangeFeed; told: Change[] }) => Promise<void>,
): void {
  Deno.test(name, async () => {
    using kv = await Deno.openKv(":memory:");
    const clock = new SwiftClock();
    const changes = new ChangeFeed(kv, clock);
    await changes.add(kv.atomic(), { type: "rules", room: "before" }).commit();
    await changes.open();
    const told: Change[] = [];
    changes.listen((change) => told.push(change));
    await act({ kv, clock, changes, told });
  });
}

changesTest(
  "ChangeFeed.poll() tells each change, however late it comes and wherever the clock jumps",
  async (parts) => {
    const { kv, clock, changes, told } = parts;
    const made: Change[] = [
      { type: "names", names: ["ada"] },
      { type: "erased", username: "eve" },
      { type: "removed", room: "lobby", user: "bo" },
    ];
    for (const [i, jump] of [LATE_MS, -LATE_MS, 24 * LATE_MS].entries()) {
      await changes.add(kv.atomic(), made[i]).commit();
      clock.jump(jump);
      await clock.wait(LATE_MS, new AbortController().signal);
      await changes.poll();
    }
    assertEquals(told, made);
  },
);

changesTest(
  "ChangeFeed.poll() tells that it missed some when KV has deleted them, and what is left",
  async (parts) => {
    const { kv, changes, told } = parts;
    for (const room of ["a", "b"]) await changes.add(kv.atomic(), { type: "rules", room }).commit();
    for await (const { key } of kv.list({ prefix: ["change"] }, { limit: 2 })) await kv.delete(key);
    await changes.poll();
    assertEquals(told.splice(0), [{ type: "rules", room: "b" }, { type: "unknown" }]);
    await changes.poll();
    await changes.add(kv.atomic(), { type: "rules", room: "c" }).commit();
    await changes.poll();
    assertEquals(told, [{ type: "rules", room: "c" }]);
  },
);

changesTest(
  "ChangeFeed.poll() takes changes that an older version made, uncounted, for what they are",
  async (parts) => {
    const { kv, changes, told } = parts;
    await kv.set(["change", "f".repeat(19) + "0"], { type: "rules", room: "a" });
    await changes.poll();
    await changes.poll();
    assertEquals(told, [{ type: "rules", room: "a" }]);
  },
);

changesTest(
  "ChangeFeed.poll() tells again what a listener failed to act upon",
  async ({ kv, changes, told }) => {
    let failures = 2;
    changes.listen(({ type }) => {
      if (failures-- > 0) throw new Error(`KV is out of reach: ${type}`);
    });
    for (const room of ["a", "b"]) await changes.add(kv.atomic(), { type: "rules", room }).commit();
    for await (const { key } of kv.list({ prefix: ["change"] }, { limit: 2 })) await kv.delete(key);
    while (failures > 0) await changes.poll().catch(() => {});
    await changes.poll();
    assertEquals(told.at(-1), { type: "unknown" });
    const { length } = told;
    await changes.poll();
    assertEquals(told.length, length);
  },
);

changesTest(
  "ChangeFeed.run() tells within five seconds what others have changed",
  async ({ kv, changes, told }) => {
    using time = new FakeTime();
    const running = new AbortController();
    const run = changes.run(running.signal, (error) => {
      throw error;
    });
    const elsewhere = new ChangeFeed(kv, systemClock);
    await elsewhere.open();
    for (const room of ["a", "b", "c"]) {
      await elsewhere.make({ type: "rules", room });
      await time.tickAsync(5_000);
      // Resolves when the poll is over that has begun.
      await changes.close();
      assertEquals(told.at(-1), { type: "rules", room });
    }
    running.abort();
    await run;
  },
);

Deno.test("A message is deleted for everyone, and a member removed, though the clock jumps five minutes", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada&events=1");
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  const { id } = await ada.say("a secret");
  const { id: later } = await ada.say("another");
  using clock = jumpingClock();
  clock.jump(LATE_MS);
  const answer = await backend(service.url).ask("DELETE", `/api/rooms/lobby/messages/${id}`);
  assertEquals(answer.status, 200);
  assertEquals((await ada.next("message_deleted")).id, id);
  clock.jump(LATE_MS);
  await backend(service.url).ask("DELETE", "/api/admin/rooms/lobby/members/guest:bo");
  assertEquals((await bo.closed).code, 4003);
  clock.jump(-LATE_MS);
  await backend(service.url).ask("DELETE", "/api/people/ada/messages");
  assertEquals((await ada.next("message_deleted", (frame) => frame.id !== id)).id, later);
  await using cy = await Client.enter(service.url, "lobby", "?username=cy");
  const said = cy.all("history")[0].messages.map(({ message }: { message: string }) => message);
  assertEquals(said, ["", ""]);
  assertEquals((await readHistory(service.url, "lobby")).map(({ username }) => username), ["-", "-"]);
});

Deno.test("Somebody who has left is gone after the grace period though the clock jumps back", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const bo = await Client.enter(service.url, "lobby", "?username=bo");
  await ada.next("online_users", ({ count }) => count === 2);
  using clock = jumpingClock();
  clock.jump(LATE_MS);
  await bo.say("bye");
  await bo.close();
  // The service knows by then that bo's socket is closed.
  await ada.say("bye");
  clock.jump(-LATE_MS);
  await ada.next("user_leave", ({ user }) => user === "bo");
});

Deno.test("Who comes back to a room is told what was deleted of what its page still shows", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const { id } = await ada.say("a secret");
  const { id: last } = await ada.say("hello");
  await backend(service.url).ask("DELETE", `/api/rooms/lobby/messages/${id}`);
  await using bo = await Client.enter(service.url, "lobby", `?username=bo&events=1&after=${last}`);
  assertEquals((await bo.next("message_deleted")).id, id);
});

Deno.test("What was deleted is gone from memory and from members' pages when the news of it was missed", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const [here, there] = isolates.all;
  using kv = await Deno.openKv(isolates.kvPath);
  const deleted: string[] = [];
  const titles: string[] = [];
  const [own] = isolates.all.map((isolate) => moderated(kv, isolate, deleted, titles));
  const people = await Promise.all(isolates.all.map((rooms) => enter(rooms, "lobby", "ada")));
  const messages = [];
  for (const text of ["one", "a secret", "three", "mine"]) {
    messages.push(await here.rooms.post("lobby", guest(text === "mine" ? "eve" : "ada"), { message: text }));
  }
  await until(() => people.every(({ shown }) => shown.length === 4));
  const author = { user: guest("ada"), mayModerate: true };
  await here.rooms.change("lobby", { type: "delete_message", id: messages[1].id }, author);
  await own.deletion.erase("eve");
  await own.roomPermissions.change(
    "lobby",
    (permissions) => ({ ...permissions, title: "Quiet", isReadOnly: true }),
  );
  for await (const { key } of kv.list({ prefix: ["change"] })) await kv.delete(key);
  await here.rooms.post("lobby", guest("ada"), { message: "not archived yet" });
  await until(() => people.every(({ shown }) => shown.length === 5));
  deleted.length = titles.length = 0;
  await there.changes.poll();
  assertEquals(deleted.sort(), [messages[1].id, messages[3].id].sort());
  assertEquals(titles, ["Quiet"]);
  assertEquals(await stored(there, "lobby"), ["one", "", "three", "", "not archived yet"]);
  const shown = there.messageLog.history.latest("lobby").lines.map((line) => line.includes("eve"));
  assertEquals(shown, [false, false, false, false, false]);
  people.forEach((person) => person.leave());
});

engineTest(
  "A process that was suspended serves nothing that was deleted meanwhile, and nobody who was removed",
  ["denokv"],
  async () => {
    await using directory = await temporaryDirectory();
    await using kv = await startDenokv(directory.path);
    const env = {
      KV_PATH: kv.url,
      DENO_KV_ACCESS_TOKEN: String(Deno.env.get("DENO_KV_ACCESS_TOKEN")),
      SERVICE_TOKEN: TOKEN,
      LOG_CSV_PATH: `${directory.path}/messageLog.csv`,
    };
    await using here = await startProcess(env);
    await using there = await startProcess(env);
    await using ada = await Client.enter(here.url, "lobby", "?username=ada&events=1");
    await using bo = await Client.enter(here.url, "lobby", "?username=bo");
    await using eve = await Client.enter(there.url, "lobby", "?username=eve");
    const { id } = await ada.say("a secret");
    const { id: mine } = await eve.say("mine");
    await bo.next("chat_message", ({ message }) => message === "mine");
    const late: Promise<Client>[] = [];
    await here.suspend(6_000, async () => {
      const keeper = backend(there.url);
      await keeper.ask("DELETE", `/api/rooms/lobby/messages/${id}`);
      await keeper.ask("DELETE", "/api/people/eve/messages");
      await keeper.ask("DELETE", "/api/admin/rooms/lobby/members/guest:bo");
      await eve.say("now that bo is gone");
      // They stand before the door of the process that doesn't run.
      for (let i = 0; i < 5; i++) late.push(Client.enter(here.url, "lobby", `?username=late${i}`));
      bo.send({ type: "chat_message", message: "I am still here" });
    });
    for (const client of await Promise.all(late)) {
      const { messages } = client.all("history")[0];
      const said = messages.map(({ message }: { message: string }) => message);
      assertEquals(said, ["", "", "now that bo is gone"]);
      await client.close();
    }
    assertEquals((await bo.closed).code, 4003);
    assertEquals(bo.all("chat_message").map(({ message }) => message), ["a secret", "mine"]);
    const gone = new Set<string>();
    await ada.until((frames) => {
      for (const { type, id } of frames) if (type === "message_deleted") gone.add(id);
      return gone.has(id) && gone.has(mine);
    });
    await ada.next("chat_message", ({ message }) => message === "now that bo is gone");
    await ada.say("bo isn't here");
    await ada.next("chat_message", ({ message }) => message === "bo isn't here");
    assertEquals(ada.all("chat_message").map(({ message }) => message).slice(-3), [
      "mine",
      "now that bo is gone",
      "bo isn't here",
    ]);
  },
);

Deno.test("A guest who stated a name in a message leaves when an account has it, though the news was missed", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService({}, directory.path);
  await using ada = await Client.enter(service.url, "lobby");
  await using bo = await Client.enter(service.url, "lobby");
  for (const [client, username] of [[ada, "Ada"], [bo, "Bo"]] as const) {
    client.send({ type: "chat_message", message: "hi", username, client_id: "1" });
    await client.next("ack");
  }
  // As another process would, and as if that had been so long ago that KV has deleted the change.
  using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  await kv.atomic().set(["account_name", "ada"], "id").sum(["changes_made"], 1n).commit();
  assertEquals((await ada.closed).code, 4003);
  await bo.say("I stay");
});

/** What may be done to a room's messages on one isolate; tells what its members are told. */
function moderated(
  kv: Deno.Kv,
  { changes, messageLog }: Isolate,
  deleted: string[],
  titles: string[],
): { deletion: Deletion; roomPermissions: PermissionStore } {
  const { archive, history } = messageLog;
  const roomPermissions = new PermissionStore(kv, changes);
  const send = (_: string, frame: { type: string; id?: string; title?: string }): void => {
    if (frame.type === "message_deleted") deleted.push(String(frame.id));
    if (frame.type === "room") titles.push(String(frame.title));
  };
  sendPermissions({ changes, roomPermissions, send });
  void roomPermissions.hold("lobby");
  const caughtUp = (): Promise<void> => messageLog.caughtUp();
  return {
    roomPermissions,
    deletion: new Deletion({ kv, archive, history, changes, send, caughtUp, withdraw() {}, dropFiles() {} }),
  };
}

/** Lets the time of day jump, for everyone in this process. */
function jumpingClock(): { jump(ms: number): void } & Disposable {
  const real = Date.now;
  let offset = 0;
  Date.now = () => real.call(Date) + offset;
  return {
    jump: (ms) => void (offset += ms),
    [Symbol.dispose]: () => void (Date.now = real),
  };
}
