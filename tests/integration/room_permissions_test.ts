import { assertEquals } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { Client, roomAddress } from "../support/client.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

Deno.test("A room belongs to the account that enters it first, while nothing has been said in it", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using _ada = await ada.enter("team");
  await using _bo = await bo.enter("team");
  assertEquals((await ada.ask("GET", "/api/rooms/team")).body, {
    room: "team",
    title: "",
    private: false,
    read_only: false,
    may_change: true,
    creator: "ada",
    members: [],
  });
  assertEquals((await bo.ask("GET", "/api/rooms/team")).body.may_change, false);
  await using guest = await Client.enter(service.url, "old", "?username=cy");
  await guest.say("first");
  await using _late = await ada.enter("old");
  assertEquals((await ada.ask("GET", "/api/rooms/old")).body.may_change, false);
});

Deno.test("RoomPermissions are for the room's creator, admins and the service to change", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const root = await member(service.url, "root", "admin");
  await using _ada = await ada.enter("team");
  const change = { title: "The  team" };
  assertEquals(await bo.outcome("PATCH", "/api/rooms/team", change), [403, "not_allowed"]);
  assertEquals(await new Visitor(service.url).outcome("PATCH", "/api/rooms/team", change), [
    401,
    "not_signed_in",
  ]);
  for (const keeper of [ada, root, backend(service.url)]) {
    assertEquals((await keeper.ask("PATCH", "/api/rooms/team", change)).body.title, "The team");
  }
  const wrong = [{ private: 1 }, { title: "x".repeat(65) }, { members: "ada" }];
  for (const body of wrong) {
    assertEquals(await ada.outcome("PATCH", "/api/rooms/team", body), [400, "invalid_request"]);
  }
  assertEquals(await ada.outcome("PATCH", "/api/rooms/team", { members: ["nobody"] }), [
    400,
    "unknown_account",
  ]);
  assertEquals(await ada.outcome("PATCH", "/api/rooms/a%20b", change), [400, "invalid_room"]);
});

Deno.test("A private room lets in its members, its creator and admins, and nobody else, in any way", async () => {
  await using service = await startService();
  const [ada, bo, cy] = await Promise.all(["ada", "bo", "cy"].map((name) => member(service.url, name)));
  const root = await member(service.url, "root", "admin");
  await using own = await ada.enter("team");
  await own.say("secret");
  assertEquals((await ada.outcome("PATCH", "/api/rooms/team", { private: true, members: ["BO"] }))[0], 200);
  for (const visitor of [ada, bo, root, backend(service.url)]) {
    await using socket = await visitor.enter("team");
    assertEquals(socket.all("history")[0].messages.length, 1);
    assertEquals((await visitor.ask("GET", "/api/rooms/team/messages")).body.messages.length, 1);
  }
  const guest = new Visitor(service.url);
  for (const [visitor, status] of [[cy, 403], [guest, 401]] as const) {
    const socket = visitor.socket("team", "?username=bo2");
    const { code, reason } = await socket.closed;
    assertEquals([code, reason, socket.frames], [4003, "This room is private", []]);
    assertEquals((await visitor.outcome("GET", "/api/rooms/team/messages"))[0], status);
    assertEquals((await visitor.outcome("GET", "/api/rooms/team"))[0], status);
  }
});

Deno.test("Who is in a room that becomes private has to leave, unless a member; also who is in it elsewhere", async () => {
  await using directory = await temporaryDirectory();
  await using here = await startService({ fanOut: "broadcast" }, directory.path);
  await using there = await startService({ fanOut: "broadcast" }, directory.path);
  const [ada, bo] = [await member(here.url, "ada"), await member(here.url, "bo")];
  await using own = await ada.enter("team");
  await using kept = await bo.enter("team");
  const guest = await Client.enter(here.url, "team", "?username=cy");
  const far = await Client.enter(there.url, "team", "?username=dan");
  await ada.ask("PATCH", "/api/rooms/team", { private: true, members: ["bo"] });
  assertEquals([(await guest.closed).code, (await far.closed).code], [4003, 4003]);
  await kept.say("still here");
  await own.next("chat_message");
  // Whoever is a member no longer leaves too.
  await ada.ask("PATCH", "/api/rooms/team", { members: [] });
  assertEquals((await kept.closed).code, 4003);
});

Deno.test("In a read-only room its creator, admins and the service speak; the others are told", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using own = await ada.enter("news");
  await using reader = await bo.enter("news");
  await using guest = await Client.enter(service.url, "news", "?username=cy");
  await ada.ask("PATCH", "/api/rooms/news", { read_only: true, title: "News" });
  const { type: _, ...told } = await reader.next("room");
  assertEquals(told, { room: "news", title: "News", private: false, read_only: true });
  await own.say("heard");
  for (const client of [reader, guest]) {
    client.send({ type: "chat_message", message: "not heard", client_id: "c1" });
    const { code, error, client_id: clientId } = await client.next("error");
    assertEquals([code, error, clientId], ["read_only", "This room is read-only", "c1"]);
  }
  assertEquals(
    (await backend(service.url).outcome("POST", "/api/rooms/news/messages", { message: "hi" }))[0],
    201,
  );
  await ada.ask("PATCH", "/api/rooms/news", { read_only: false });
  await guest.next("room");
  await guest.say("heard again");
  assertEquals(own.all("chat_message").map(({ message }) => message), ["heard", "hi", "heard again"]);
});

Deno.test("Deleting a message takes its text from every member, the history and the archive, but not from the sheet", async () => {
  await using directory = await temporaryDirectory();
  const ids: string[] = [];
  {
    await using here = await startService({ fanOut: "broadcast" }, directory.path);
    const [ada, bo] = [await member(here.url, "ada"), await member(here.url, "bo")];
    await using own = await ada.enter("team", "?events=1");
    await using guest = await Client.enter(here.url, "team", "?username=cy&events=1");
    for (const words of ["one", "a secret", "three"]) ids.push((await guest.say(words)).id);
    await own.next("recorded", ({ ids: recorded }) => recorded.includes(ids[2]));
    await using there = await startService({ fanOut: "broadcast" }, directory.path);
    await using far = await Client.enter(there.url, "team", "?username=dan&events=1");
    const path = `/api/rooms/team/messages/${ids[1]}`;
    assertEquals(await bo.outcome("DELETE", path), [403, "not_allowed"]);
    assertEquals(await new Visitor(here.url).outcome("DELETE", path), [401, "not_signed_in"]);
    assertEquals(await ada.outcome("DELETE", path), [200]);
    for (const client of [own, guest, far]) {
      assertEquals((await client.next("message_deleted")).id, ids[1]);
    }
    assertEquals(await ada.outcome("DELETE", path), [404, "not_found"]);
    assertEquals(await ada.outcome("DELETE", "/api/rooms/team/messages/nothing"), [404, "not_found"]);
    for (const origin of [here.url, there.url]) {
      await using late = await Client.enter(origin, "team");
      const { messages } = late.all("history")[0];
      assertEquals(
        messages.map((
          { message, deleted, username }: Record<string, unknown>,
        ) => [message, deleted, username]),
        [["one", undefined, "cy"], ["", true, "cy"], ["three", undefined, "cy"]],
      );
    }
    const rows = await here.rows();
    assertEquals(rows.slice(1).map((row) => row[3]), ["one", "a secret", "three"]);
  }
  // What is on the disk doesn't hold it either, but for what waits for the sheet.
  const kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  const pages = await Array.fromAsync(
    kv.list<Uint8Array>({ prefix: ["history"] }),
    ({ value }) => new TextDecoder().decode(value),
  );
  kv.close();
  assertEquals([pages.join().includes("three"), pages.join().includes("a secret")], [true, false]);
});

Deno.test("Deleting messages while others speak loses none of theirs", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team");
  await using guest = await Client.enter(service.url, "team", "?username=cy");
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push((await guest.say(`m${i}`)).id);
  const deleting = Promise.all(ids.map((id) => ada.outcome("DELETE", `/api/rooms/team/messages/${id}`)));
  for (let i = 20; i < 200; i++) await guest.say(`m${i}`);
  assertEquals((await deleting).filter(([status]) => status !== 200), []);
  await own.next("chat_message", ({ message }) => message === "m199");
  const { messages } = (await ada.ask("GET", "/api/rooms/team/messages?limit=200")).body;
  assertEquals(messages.length, 200);
  assertEquals(messages.filter(({ deleted }: { deleted?: true }) => deleted).length, 20);
  assertEquals(
    messages.map(({ seq }: { seq: string }) => seq),
    own.all("chat_message").map(({ seq }) => seq),
  );
});

Deno.test("A socket of a room that a stranger may not enter tells nothing of it, not even who is there", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team");
  await ada.ask("PATCH", "/api/rooms/team", { private: true });
  const stranger = new Client(`${roomAddress(service.url, "team")}?username=cy&after=0`);
  stranger.opened = () => stranger.send({ message: "let me in" });
  assertEquals((await stranger.closed).code, 4003);
  await own.say("alone");
  await own.until((frames) => frames.some(({ type }) => type === "chat_message"));
  assertEquals(stranger.frames, []);
  assertEquals(own.all("chat_message").length + own.all("user_join").length, 1);
});
