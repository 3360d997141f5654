import { assertEquals } from "@std/assert";
import { RoomNames } from "../../rooms/access/room_names.ts";
import { retryWhenLocked } from "../../rooms/kv/retry_when_locked.ts";
import { backend, member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

Deno.test("A room is one however its name is written, in the form in which it was entered first", async () => {
  await using service = await startService();
  const spellings: [string, ...string[]][] = [["Support", "support", "ＳＵＰＰＯＲＴ"], [
    "班級１０１",
    "班級101",
  ], [
    "groß",
    "GROẞ",
    "gross",
  ]];
  for (const [first, ...others] of spellings) {
    await using ada = await Client.enter(service.url, first, "?username=ada");
    await ada.say("hello");
    for (const [i, other] of others.entries()) {
      await using bo = await Client.enter(service.url, other, `?username=bo${i}`);
      assertEquals(bo.all("history")[0].messages[0].message, "hello");
      await bo.say(`from ${other}`);
      const said = await ada.next("chat_message", ({ message }) => message === `from ${other}`);
      assertEquals(said.room, first);
      const posted = await backend(service.url)
        .ask("POST", `/api/rooms/${encodeURIComponent(other)}/messages`, { message: "hi", username: "Shop" });
      assertEquals(posted.body.room, first);
      const page = await new Visitor(service.url).ask(
        "GET",
        `/chat/${encodeURIComponent(other)}/?language=x&a=1`,
      );
      assertEquals([page.status, page.headers.get("location")], [
        302,
        `/chat/${encodeURIComponent(first)}/?language=x&a=1`,
      ]);
    }
    assertEquals(
      (await new Visitor(service.url).ask("GET", `/chat/${encodeURIComponent(first)}/`)).status,
      200,
    );
  }
  await using hall = await Client.enter(service.url, "hall");
  await hall.say("elsewhere");
  assertEquals(hall.all("history")[0].messages, []);
});

Deno.test("The rules of a room hold under each spelling of its name", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await (await ada.enter("Team")).close();
  assertEquals(await ada.outcome("PATCH", "/api/rooms/team", { private: true }), [200]);
  const stranger = new Visitor(service.url);
  for (const name of ["Team", "team", "ＴＥＡＭ"]) {
    const path = `/api/rooms/${encodeURIComponent(name)}`;
    assertEquals(await stranger.outcome("GET", path), [401, "not_signed_in"], name);
    assertEquals(await stranger.outcome("GET", `${path}/messages`), [401, "not_signed_in"], name);
    assertEquals((await stranger.socket(name).closed).code, 4003, name);
  }
});

Deno.test("MessageLog that an earlier version stored keep their names and are found, two of one folded name, too", async () => {
  await using directory = await temporaryDirectory();
  {
    await using service = await startService({}, directory.path);
    await backend(service.url).ask("POST", "/api/rooms/Support/messages", { message: "old" });
  }
  {
    // As it was before names were folded: rooms and rules, and nothing that leads from one spelling to another.
    using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
    await kv.delete(["room_names"]);
    for await (const { key } of kv.list({ prefix: ["room_name"] })) await kv.delete(key);
    await kv.set(["rules", "SUPPORT"], {
      title: "Loud",
      isPrivate: false,
      isReadOnly: false,
      creator: undefined,
      members: [],
    });
  }
  await using service = await startService({}, directory.path);
  const visitor = new Visitor(service.url);
  for (const [name, room] of [["Support", "Support"], ["support", "Support"], ["SUPPORT", "SUPPORT"]]) {
    assertEquals((await visitor.ask("GET", `/api/rooms/${name}`)).body.room, room);
  }
  await using bo = await Client.enter(service.url, "sUPPORT");
  assertEquals(bo.all("history")[0].messages.map(({ message }: { message: string }) => message), ["old"]);
});

Deno.test("RoomNames.claim() gives everybody one room when isolates name it at the same time, and reads once", async () => {
  await using directory = await temporaryDirectory();
  const stores = await Promise.all(
    Array.from({ length: 3 }, async () => retryWhenLocked(await Deno.openKv(`${directory.path}/names.db`))),
  );
  let reads = 0;
  const isolates = stores.map((kv) => {
    const counted = (...args: Parameters<Deno.Kv["get"]>) => (reads++, kv.get(...args));
    return new RoomNames({ get: counted, atomic: () => kv.atomic() } as unknown as Deno.Kv);
  });
  const names = ["Lobby", "lobby", "LOBBY", "ＬＯＢＢＹ", "lObby"];
  const rooms = await Promise.all(
    Array.from({ length: 30 }, (_, i) => isolates[i % 3].claim(names[i % names.length])),
  );
  assertEquals(new Set(rooms).size, 1);
  reads = 0;
  for (let i = 0; i < 100; i++) assertEquals(await isolates[i % 3].claim(names[i % 5]), rooms[0]);
  assertEquals(reads, 0);
  // Looking for a room makes none.
  assertEquals(await isolates[0].find("Nowhere"), "Nowhere");
  assertEquals(await isolates[1].find("nowhere"), "nowhere");
  for (const kv of stores) kv.close();
});
