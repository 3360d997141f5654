import { assertEquals } from "@std/assert";
import { idIn } from "../../rooms/messages/message.ts";
import { guest } from "../../rooms/user.ts";
import { Bus } from "../fakes/bus.ts";
import { enter as enterIsolate, openIsolates, until } from "../support/isolates.ts";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { Client, type Frame, roomAddress } from "../support/client.ts";
import { openInbox, toldUnread } from "../support/inbox.ts";
import { messageFactoryOf } from "../support/messages.ts";
import { startService, temporaryDirectory, type TestService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

/** Enters a room as an account, and waits until it is one of the account's own. */
async function enter({ url }: TestService, visitor: Visitor, room: string): Promise<Client> {
  const client = new Client(`${roomAddress(url, room)}?events=1`, { headers: { cookie: visitor.cookie } });
  await client.next("history");
  const isListed = async (): Promise<boolean> => (await roomsOf(visitor)).some(([name]) => name === room);
  while (!await isListed());
  return client;
}

/** `name unread mentions` of each of somebody's rooms. */
async function roomsOf(visitor: Visitor): Promise<[string, number, number][]> {
  const { status, body } = await visitor.ask("GET", "/api/me/rooms");
  assertEquals(status, 200);
  return body.rooms.map(({ name, unread, mentions }: Frame) => [name, unread, mentions]);
}

async function say(service: TestService, room: string, ...messages: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const message of messages) {
    const { body } = await backend(service.url).ask("POST", `/api/rooms/${room}/messages`, { message });
    ids.push(body.id);
  }
  return ids;
}

Deno.test("UnreadRooms tells every device of an account what is unread, by room, and what was read on another", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using _desk = await enter(service, ada, "desk");
  await using team = await enter(service, ada, "team");
  await using phone = await openInbox(service.url, ada);
  await toldUnread(phone, "desk", 0);
  const [, second] = await say(service, "team", "one", "two", "@ada three");
  await toldUnread(phone, "team", 3, 1);
  const last = phone.all("room_unread").at(-1)?.last;
  assertEquals([last.message, last.username], ["@ada three", "service"]);
  // The room with the newest message comes first, and a device that comes later is told the same.
  assertEquals(await roomsOf(ada), [["team", 3, 1], ["desk", 0, 0]]);
  await using late = await openInbox(service.url, ada);
  await toldUnread(late, "team", 3, 1);
  await using other = await enter(service, ada, "team");
  team.send({ type: "read", id: second });
  await Promise.all([phone, late].map((client) => toldUnread(client, "team", 1, 1)));
  assertEquals(await other.next("read"), { type: "read", id: second, unread: 1 });
  assertEquals(team.all("read"), []);
  const [fourth] = await say(service, "team", "four");
  other.send({ type: "read", id: fourth });
  await toldUnread(phone, "team", 0);
  // Reading the room reads its mentions.
  await phone.until(() => phone.all("unread_count").at(-1)?.count === 0);
  // Reading goes forward only.
  team.send({ type: "read", id: second });
  await say(service, "desk", "five");
  await toldUnread(phone, "desk", 1);
  assertEquals(await roomsOf(ada), [["desk", 1, 0], ["team", 0, 0]]);
});

Deno.test("UnreadRooms is right whatever is read and said at the same time, in pages and in memory, and after a restart", async () => {
  await using directory = await temporaryDirectory();
  const ids: string[] = [];
  let read = 0;
  {
    await using service = await startService({}, directory.path);
    const ada = await member(service.url, "ada");
    await using first = await enter(service, ada, "team");
    await using second = await enter(service, ada, "team");
    await using phone = await openInbox(service.url, ada);
    const texts = Array.from({ length: 8 }, () => "x".repeat(3_000));
    for (let round = 0; round < 12; round++) {
      // Two devices, of which one is behind, while others speak.
      const speaking = Promise.all(texts.map((text) => say(service, "team", text)));
      if (round) first.send({ type: "read", id: ids[read = ids.length - 3] });
      if (round) second.send({ type: "read", id: ids[Math.max(0, read - 20)] });
      ids.push(...(await speaking).flat());
      ids.sort();
    }
    await toldUnread(phone, "team", 95 - read);
    assertEquals(await roomsOf(ada), [["team", 95 - read, 0]]);
  }
  // Twice: what the first start finds in the outbox, the second one finds in pages.
  for (const mark of [40, 92]) {
    await using service = await startService({}, directory.path);
    const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
    assertEquals(await roomsOf(ada), [["team", 95 - read, 0]]);
    await using client = await enter(service, ada, "team");
    await using phone = await openInbox(service.url, ada);
    read = Math.max(read, mark);
    client.send({ type: "read", id: ids[mark] });
    await toldUnread(phone, "team", 95 - read);
  }
});

Deno.test("UnreadRooms counts neither what an account said itself, by whatever client, nor what was deleted, in pages and in memory", async () => {
  await using directory = await temporaryDirectory();
  const post = async (visitor: Visitor, ...messages: string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const message of messages) {
      ids.push((await visitor.ask("POST", "/api/rooms/team/messages", { message })).body.id);
    }
    return ids;
  };
  const remove = async (id: string): Promise<void> => {
    assertEquals(await backend(url).outcome("DELETE", `/api/rooms/team/messages/${id}`), [200]);
  };
  let url = "";
  let theirs: string[] = [];
  {
    await using service = await startService({}, directory.path);
    ({ url } = service);
    const ada = await member(service.url, "ada", "admin");
    const bo = await member(service.url, "bo", "admin");
    await using _room = await enter(service, ada, "team");
    await using phone = await openInbox(service.url, ada);
    theirs = await post(bo, "one", "two @ada", "three");
    // Her own, by a program that marks nothing as read: what others have said stays unread.
    await post(ada, "mine");
    await toldUnread(phone, "team", 3, 1);
    await remove(theirs[1]);
    await toldUnread(phone, "team", 2, 0);
    assertEquals(await roomsOf(ada), [["team", 2, 0]]);
  }
  // Then from pages.
  for (const unread of [1, 0]) {
    await using service = await startService({}, directory.path);
    ({ url } = service);
    const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
    await using phone = await openInbox(service.url, ada);
    await toldUnread(phone, "team", unread + 1);
    await remove(theirs[unread ? 0 : 2]);
    await toldUnread(phone, "team", unread);
    assertEquals(await roomsOf(ada), [["team", unread, 0]]);
  }
});

Deno.test("UnreadRooms tells of what was read and deleted in another isolate at once, without any poll", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const [here, there] = isolates.all;
  const ada = { id: "ada", name: "ada", role: "user", isGuest: false } as const;
  await here.unreadRooms.enter(ada.id, "team");
  const cy = await enterIsolate(here, "team", "cy");
  for (const text of ["one", "two", "three"]) cy.say(text, text);
  await until(() => cy.shown.length === 3);
  const ids = (await there.messageLog.history.before("team", undefined, 3)).lines.map(idIn);
  const told: Frame[] = [];
  const end = await there.unreadRooms.add(ada, (frame) => told.push(JSON.parse(frame)));
  assertEquals(told.map(({ unread }) => unread), [3]);
  // An open page of the room hears of it, too.
  const read: [string, number][] = [];
  const unfollow = there.unreadRooms.follow(ada.id, {
    room: "team",
    read: (id, unread) => read.push([id, unread]),
  });
  await here.unreadRooms.read(ada.id, "team", ids[1]);
  await until(() => told.length === 2 && read.length === 1);
  assertEquals([told[1].unread, read], [1, [[ids[1], 1]]]);
  // A deletion of what is only in pages, which have yet to hear of it.
  await here.messageLog.archive.advance();
  await there.messageLog.archive.open();
  there.messageLog.history.trim();
  assertEquals(there.messageLog.history.span("team").lines, []);
  const deletion = messageFactoryOf().entry("team", guest("cy"), { entry: "deleted", message_id: ids[2] });
  here.messageLog.write({ draft: deletion, senders: [] });
  await until(() => told.length === 3);
  assertEquals(told[2].unread, 0);
  cy.leave();
  unfollow();
  end();
});

Deno.test("GET me/rooms is for accounts, leaves out rooms that one may not enter any more, and read is refused to guests", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const bo = await member(service.url, "bo");
  assertEquals(await new Visitor(service.url).outcome("GET", "/api/me/rooms"), [401, "not_signed_in"]);
  assertEquals(await backend(service.url).outcome("GET", "/api/me/rooms"), [403, "not_allowed"]);
  await using adas = await enter(service, ada, "team");
  await using bos = await enter(service, bo, "team");
  await using phone = await openInbox(service.url, bo);
  await say(service, "team", "hello");
  await toldUnread(phone, "team", 1);
  bos.send({ type: "read", id: "01J00000000000000000000000" });
  assertEquals((await bos.next("error")).code, "not_found");
  await ada.ask("PATCH", "/api/rooms/team", { private: true });
  // A room that is closed to somebody tells nothing any more, and leaves nothing unread.
  await toldUnread(phone, "team", 0);
  await say(service, "team", "secret");
  assertEquals(await roomsOf(bo), []);
  await adas.next("chat_message", ({ message }) => message === "secret");
  assertEquals(phone.texts.filter((text) => text.includes("secret")), []);
  await using guest = await Client.enter(service.url, "other", "?username=cy");
  guest.send({ type: "read", id: (await guest.say("hi")).id });
  assertEquals((await guest.next("error")).code, "not_allowed");
});
