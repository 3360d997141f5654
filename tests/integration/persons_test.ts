import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

/** A browser that has opened a page, and so can be told from others. */
async function browser(origin: string): Promise<Visitor> {
  const visitor = new Visitor(origin);
  await visitor.ask("GET", "/chat/", undefined, { accept: "text/html" });
  return visitor;
}

const as = (name: string): string => `?batch=1&username=${encodeURIComponent(name)}`;

Deno.test("A guest's name that another guest has here becomes one with a number, in frames, history and the sheet", async () => {
  await using service = await startService();
  const [one, two, three] = [
    await browser(service.url),
    await browser(service.url),
    await browser(service.url),
  ];
  await using first = await one.enter("lobby", as("小安"));
  await using second = await two.enter("lobby", as("小安"));
  await using third = await three.enter("lobby", as("　小安"));
  const welcomes = [first, second, third].map((client) => client.frames[0]);
  assertEquals(welcomes.map(({ type, username }) => [type, username]), [
    ["welcome", "小安"],
    ["welcome", "小安 2"],
    ["welcome", "小安 3"],
  ]);
  assertEquals(new Set(welcomes.map(({ person }) => person)).size, 3);
  await first.say("one");
  await second.say("two");
  await third.next("chat_message", ({ message }) => message === "two");
  const said = third.all("chat_message");
  assertEquals(said.map(({ user, person }) => [user, person]), [
    ["小安", welcomes[0].person],
    ["小安 2", welcomes[1].person],
  ]);
  await third.until((frames) => frames.some(({ count }) => count === 3));
  const people = third.all("online_users").flatMap(({ count, people }) => count === 3 ? [people] : [])[0];
  assertEquals(people.map(({ username }: { username: string }) => username).sort(), [
    "小安",
    "小安 2",
    "小安 3",
  ]);
  await first.next("recorded", ({ ids }) => ids.includes(said[0].id));
  await first.until((frames) =>
    frames.flatMap(({ type, ids }) => type === "recorded" ? ids : []).length >= 2
  );
  assertEquals((await service.rows()).slice(1).map(([, , username]) => username), ["小安", "小安 2"]);
});

Deno.test("A person is the same over reloads, restarts and renames, and another one in another room", async () => {
  await using directory = await temporaryDirectory();
  const persons: string[] = [];
  let visitor: Visitor | undefined;
  for (const name of ["bo", "bo", "Robert"]) {
    await using service = await startService({}, directory.path);
    const badge = visitor?.cookies.get("guest");
    visitor = await browser(service.url);
    if (badge) visitor.cookies.set("guest", badge);
    await using here = await visitor.enter("lobby", as(name));
    await using elsewhere = await visitor.enter("hall", as(name));
    persons.push(here.frames[0].person);
    assertNotEquals(here.frames[0].person, elsewhere.frames[0].person);
    assertMatch(here.frames[0].person, /^[\w-]{22}$/);
    await here.say(`as ${name}`);
    const [{ messages }] = (await visitor.enter("lobby", as(name))).all("history");
    assert(messages.length > 0);
    assertEquals(new Set(messages.map(({ person }: { person: string }) => person)), new Set([persons[0]]));
  }
  assertEquals(new Set(persons).size, 1);
});

Deno.test("Whoever comes back under another name is told as renamed, to those who know what that is", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada&events=1");
  await using edge = await Client.enter(service.url, "lobby", "?username=edge");
  await ada.next("online_users", ({ users }) => users.includes("edge"));
  const bo = await browser(service.url);
  const before = await bo.enter("lobby", as("Bo"));
  await ada.next("user_join", ({ user }) => user === "Bo");
  await using after = await bo.enter("lobby", as("Robert"));
  const { person, from, to } = await ada.next("user_renamed");
  assertEquals([person, from, to], [after.frames[0].person, "Bo", "Robert"]);
  assertEquals((await ada.next("online_users")).users, ["ada", "edge", "Robert"]);
  await edge.next("online_users", ({ users }) => users.includes("Robert"));
  assertEquals(edge.frames.filter(({ type }) => type === "user_renamed" || type === "welcome"), []);
  assertEquals([ada.all("user_leave"), edge.all("user_leave")], [[], []]);
  // The tab that was open under the former name speaks under the new one.
  await before.say("still me");
  assertEquals((await ada.next("chat_message")).user, "Robert");
  await before.close();
});

Deno.test("A resend is one message though its guest has another name by now", async () => {
  await using service = await startService();
  const [one, two] = [await browser(service.url), await browser(service.url)];
  await using first = await one.enter("lobby", as("小安"));
  const before = await two.enter("lobby", as("小安"));
  const { id } = await before.say("once", "c1");
  await before.close();
  await first.close();
  await using watcher = await Client.enter(service.url, "lobby", "?username=ada");
  await watcher.next("online_users", ({ users }) => !users.includes("小安"));
  await using after = await two.enter("lobby", as("小柏"));
  assertEquals((await after.say("once", "c1")).id, id);
});

Deno.test("Sockets without a cookie stay one person by their name, and can't take that of a guest with one", async () => {
  await using service = await startService();
  await using edge = await Client.enter(service.url, "lobby", as("Edge"));
  await using also = await Client.enter(service.url, "lobby", as("Edge"));
  assertEquals(edge.frames[0], also.frames[0]);
  const bo = await browser(service.url);
  await using guest = await bo.enter("lobby", as("Bo"));
  const { code, reason } = await new Client(`${service.url.replace("http", "ws")}/ws/chat/lobby/?username=BO`)
    .closed;
  assertEquals([code, reason], [4003, "Somebody else in this room has this name; choose another one"]);
  await using nameless = await Client.enter(service.url, "lobby");
  nameless.send({ message: "hi", username: "ｂｏ", client_id: "c1" });
  const { code: refused, client_id: clientId } = await nameless.next("error");
  assertEquals([refused, clientId], ["name_taken", "c1"]);
  // In another room the name is free, and there it is another person's.
  await using elsewhere = await Client.enter(service.url, "hall", as("Bo"));
  assertNotEquals(elsewhere.frames[0].person, guest.frames[0].person);
  // The other way round, whoever can be told from others gets another name.
  const other = await browser(service.url);
  await using second = await other.enter("lobby", as("Edge"));
  assertEquals(second.frames[0].username, "Edge 2");
});

Deno.test("A number behind a guest's name never makes the name of an account", async () => {
  await using service = await startService();
  await member(service.url, "bo 2");
  const [one, two] = [await browser(service.url), await browser(service.url)];
  await using _first = await one.enter("lobby", as("bo"));
  await using second = await two.enter("lobby", as("bo"));
  assertEquals(second.frames[0].username, "bo 3");
});

Deno.test("Joins, leaves and typing tell the person, and the list tells who has an account", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using watcher = await Client.enter(service.url, "lobby", as("watcher"));
  await watcher.next("online_users");
  const socket = await ada.enter("lobby", "?batch=1");
  const { person } = socket.frames[0];
  assertEquals((await watcher.next("user_join")).person, person);
  const { people } = await watcher.next("online_users");
  assertEquals(people, [
    { person: watcher.frames[0].person, username: "watcher" },
    { person, username: "ada", account: true },
  ]);
  socket.send({ type: "typing" });
  assertEquals((await watcher.next("user_typing")).person, person);
  await socket.close();
  assertEquals((await watcher.next("user_leave")).person, person);
});

Deno.test("What is erased has no person left by which its author could be told", async () => {
  await using service = await startService();
  await using bo = await Client.enter(service.url, "lobby", as("bo"));
  await bo.say("hi");
  await backend(service.url).ask("DELETE", "/api/people/bo/messages");
  const { body } = await new Visitor(service.url).ask("GET", "/api/rooms/lobby/messages");
  assertEquals([body.messages[0].message, body.messages[0].person], ["", undefined]);
});
