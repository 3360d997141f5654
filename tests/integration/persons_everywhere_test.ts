import { assertEquals, assertNotEquals } from "@std/assert";
import { messageIn } from "../../rooms/messages/message.ts";
import { Bus } from "../fakes/bus.ts";
import { enter, type Isolate, openIsolates, until } from "../support/isolates.ts";

/** Who is in the lobby, as one isolate knows it. */
function names({ rooms }: Isolate): string {
  const { users } = rooms.room("lobby").presence;
  return users.map(({ id, name }) => `${id}=${name}`).sort().join();
}

Deno.test("Isolates that give one name to two guests at the same time agree on who keeps it", async () => {
  await using isolates = await openIsolates(2, new Bus());
  const [one, two] = isolates.all;
  const people = await Promise.all([
    enter(one, "lobby", "小安", "b0"),
    enter(two, "lobby", "小安", "b1"),
    enter(two, "lobby", "小柏", "b2"),
  ]);
  await until(() => /小安,.*小安 2,|小安 2,.*小安,/.test(names(one)) && names(one) === names(two));
  for (const [i, person] of people.slice(0, 2).entries()) person.say(`m${i}`);
  await until(() => people.every(({ shown }) => shown.length === 2));
  const { lines } = await one.messageLog.history.before("lobby", undefined, 2);
  const [a, b] = lines.map(messageIn);
  assertEquals([a.username, b.username].sort(), ["小安", "小安 2"]);
  assertNotEquals(a.person, b.person);
  people.forEach((person) => person.leave());
});

Deno.test("One browser's guest is one person at all isolates, and has the name that was given last", async () => {
  await using isolates = await openIsolates(2, new Bus());
  const [one, two] = isolates.all;
  const before = await enter(one, "lobby", "Bo", "b0");
  await until(() => names(one) === "guest/b0=Bo");
  const after = await enter(two, "lobby", "Robert", "b0");
  await until(() => [one, two].every((rooms) => names(rooms) === "guest/b0=Robert"));
  before.say("said at one");
  after.say("said at the other");
  await until(() => before.shown.length === 2 && after.shown.length === 2);
  const { lines } = await two.messageLog.history.before("lobby", undefined, 2);
  const said = lines.map(messageIn);
  assertEquals(said.map(({ username }) => username), ["Robert", "Robert"]);
  assertEquals(new Set(said.map(({ person }) => person)).size, 1);
  [before, after].forEach((person) => person.leave());
});
