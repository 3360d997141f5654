/** What lists of rooms are told, and how a room is made. */
import { assertEquals } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { Client, type Frame } from "../support/client.ts";
import { startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const asked = (...names: string[]): string =>
  `/api/rooms?${new URLSearchParams(names.map((name) => ["name", name]))}`;

Deno.test("A page is told on connecting that whoever enters an empty room first may change it, and others that they may not", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using own = await ada.enter("team", "?batch=1");
  const isPersonal = ({ may_change }: Frame): boolean => may_change !== undefined;
  assertEquals(await own.next("room", isPersonal), {
    type: "room",
    room: "team",
    title: "",
    private: false,
    read_only: false,
    may_change: true,
  });
  await using other = await bo.enter("team", "?batch=1");
  assertEquals((await other.next("room", isPersonal)).may_change, false);
  await using guest = await Client.enter(service.url, "team", "?batch=1&username=cy");
  assertEquals((await guest.next("room", isPersonal)).may_change, false);
  // What is told to all says nothing of what one may do, and clients of the tutorials are told nothing on connecting.
  await using plain = await Client.enter(service.url, "team", "?username=dan");
  await ada.ask("PATCH", "/api/rooms/team", { title: "The team" });
  for (const client of [own, other, guest, plain]) {
    const { may_change } = await client.next("room", ({ title }) => title === "The team");
    assertEquals(may_change, undefined);
  }
  assertEquals(plain.frames.filter(isPersonal), []);
});

Deno.test("A room can be private from its first moment, and only one that nobody has used can be made", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const guest = new Visitor(service.url);
  const wanted = { room: "板橋店", title: "店長", private: true };
  assertEquals(await guest.outcome("POST", "/api/rooms", wanted), [401, "not_signed_in"]);
  assertEquals(await backend(service.url).outcome("POST", "/api/rooms", wanted), [403, "not_allowed"]);
  const { status, body } = await ada.ask("POST", "/api/rooms", wanted);
  assertEquals([status, body.title, body.private, body.may_change, body.creator], [
    201,
    "店長",
    true,
    true,
    "ada",
  ]);
  assertEquals((await bo.socket("板橋店").closed).code, 4003);
  assertEquals(await ada.outcome("POST", "/api/rooms", wanted), [409, "room_taken"]);
  assertEquals(await bo.outcome("POST", "/api/rooms", wanted), [409, "room_taken"]);
  await using talker = await Client.enter(service.url, "open", "?username=cy");
  await talker.say("hi");
  assertEquals(await ada.outcome("POST", "/api/rooms", { room: "open", private: true }), [409, "room_taken"]);
  assertEquals(await ada.outcome("POST", "/api/rooms", { room: "a b" }), [400, "invalid_room"]);
  for (const wrong of [{}, { room: 1 }, { room: "x", title: 1 }, { room: "x", private: "yes" }]) {
    assertEquals(await ada.outcome("POST", "/api/rooms", wrong), [400, "invalid_request"]);
  }
});

Deno.test("Who belongs to a private room is told to its members, by the names that others read, and to nobody else", async () => {
  await using service = await startService();
  const [ada, bo, cy] = await Promise.all(["ada", "bo", "cy"].map((name) => member(service.url, name)));
  await ada.ask("POST", "/api/rooms", { room: "team", private: true });
  await ada.ask("PATCH", "/api/rooms/team", { members: ["bo"] });
  for (const visitor of [ada, bo]) {
    assertEquals((await visitor.ask("GET", "/api/rooms/team")).body.people, [
      { name: "ada", creator: true },
      { name: "bo" },
    ]);
  }
  assertEquals(JSON.stringify((await cy.ask("GET", "/api/rooms/team")).body).includes("bo"), false);
  await ada.ask("PATCH", "/api/rooms/team", { private: false });
  assertEquals((await cy.ask("GET", "/api/rooms/team")).body.people, undefined);
});

Deno.test("Whoever is added to a private room is told once, by the bell, with the way there", async () => {
  await using service = await startService({ language: "en" });
  const [ada, bo, cy] = await Promise.all(["ada", "bo", "cy"].map((name) => member(service.url, name)));
  const told = async (visitor: Visitor) =>
    (await visitor.ask("GET", "/api/notifications")).body.notifications.map((
      { title, message, url }: Record<string, string>,
    ) => [title, message, url]);
  await ada.ask("POST", "/api/rooms", { room: "team", title: "The $& team", private: true });
  await ada.ask("PATCH", "/api/rooms/team", { members: ["ada", "bo"] });
  const added = [
    "You were added to the room “The $& team”",
    "ada has made you a member of this private room. Open it from here.",
    "/chat/team/",
  ];
  assertEquals([await told(bo), await told(ada), await told(cy)], [[added], [], []]);
  await ada.ask("PATCH", "/api/rooms/team", { members: ["bo", "cy"] });
  assertEquals([(await told(bo)).length, await told(cy)], [1, [added]]);
  // Adding somebody over and over fills no inbox.
  for (let i = 0; i < 5; i++) {
    await ada.ask("PATCH", "/api/rooms/team", { members: [] });
    await ada.ask("PATCH", "/api/rooms/team", { members: ["bo"] });
  }
  assertEquals((await told(bo)).length, 3);
  // In a public room it means nothing, until the room becomes private.
  await using _own = await ada.enter("open");
  await ada.ask("PATCH", "/api/rooms/open", { members: ["cy"] });
  assertEquals((await told(cy)).length, 1);
  await ada.ask("PATCH", "/api/rooms/open", { private: true });
  assertEquals((await told(cy)).length, 2);
});

Deno.test("A list of rooms is told their titles, locks and last messages in one request, and of others' private rooms only that they are", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const root = await member(service.url, "root", "admin");
  await ada.ask("POST", "/api/rooms", { room: "team", title: "The team", private: true });
  await using own = await ada.enter("team");
  const { id } = await own.say("secret");
  await root.ask("PATCH", "/api/rooms/gone", { closed: true, title: "Old" });
  const list = async (visitor: Visitor) =>
    (await visitor.ask("GET", asked("team", "gone", "new", "team", "a b"))).body.rooms;
  const seen = await list(ada);
  assertEquals(seen.map(({ name, title, may_enter }: Record<string, unknown>) => [name, title, may_enter]), [
    ["team", "The team", true],
    ["gone", undefined, false],
    ["new", undefined, true],
  ]);
  assertEquals([seen[0].private, seen[0].last.id, seen[0].last.message], [true, id, "secret"]);
  for (const visitor of [bo, new Visitor(service.url)]) {
    assertEquals(await list(visitor), [
      { name: "team", may_enter: false, private: true },
      { name: "gone", may_enter: false, private: false, closed: true },
      { name: "new", may_enter: true, private: false },
    ]);
  }
  assertEquals((await ada.ask("GET", asked(...Array(51).keys().map(String)))).status, 400);
});

Deno.test("Admins find rooms in which nobody is, with their titles", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const ada = await member(service.url, "ada");
  await ada.ask("POST", "/api/rooms", { room: "quiet", title: "Quiet place", private: true });
  await using left = await Client.enter(service.url, "Talked-in", "?username=bo");
  await left.say("hi");
  await left.next("recorded");
  await left.close();
  await using _here = await Client.enter(service.url, "busy", "?username=bo");
  const found = async (filter: string) =>
    (await root.ask("GET", `/api/admin/rooms?filter=${filter}`)).body.rooms.map((
      { room, title }: Record<string, string>,
    ) => [room, title]);
  assertEquals(await found("quiet"), [["quiet", "Quiet place"]]);
  assertEquals(await found("talked"), [["Talked-in", undefined]]);
  assertEquals((await found(""))[0], ["busy", undefined]);
  assertEquals((await ada.ask("GET", "/api/admin/rooms?filter=quiet")).status, 403);
});

Deno.test("Rooms that are listed are in everybody's list with description and people; private, closed and others are not", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  for (const room of ["open", "hidden", "secret"]) {
    await ada.ask("POST", "/api/rooms", { room, title: `The ${room} one` });
  }
  const about = { listed: true, description: "Ask anything" };
  assertEquals((await ada.ask("PATCH", "/api/rooms/open", about)).body.description, "Ask anything");
  await ada.ask("PATCH", "/api/rooms/secret", { listed: true, private: true });
  await using _own = await ada.enter("secret");
  await using _guest = await new Visitor(service.url).enter("open", "?username=cy");
  const stranger = new Visitor(service.url);
  const open = { name: "open", title: "The open one", description: "Ask anything", online: 1 };
  for (const visitor of [stranger, bo]) {
    assertEquals((await visitor.ask("GET", "/api/rooms")).body.rooms, [open]);
  }
  const own = (await ada.ask("GET", "/api/rooms")).body.rooms;
  assertEquals(own.map(({ name, unread }: { name: string; unread?: number }) => [name, unread]), [
    ["secret", 0],
    ["open", undefined],
  ]);
  const { body: page } = await stranger.ask("GET", "/chat/", undefined, { "accept-language": "en" });
  for (const text of ["The open one", "Ask anything", "1 online", 'href="/chat/open/"']) {
    assertEquals(page.includes(text), true, text);
  }
  assertEquals(page.includes("secret") || page.includes("hidden one"), false);
  await member(service.url, "root", "admin").then((root) =>
    root.ask("PATCH", "/api/rooms/open", { closed: true })
  );
  assertEquals((await stranger.ask("GET", "/api/rooms")).body.rooms, []);
});
