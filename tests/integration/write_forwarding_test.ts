import { assert, assertEquals } from "@std/assert";
import { guest } from "../../rooms/user.ts";
import { Bus } from "../fakes/bus.ts";
import { enter, openIsolates, stored, until } from "../support/isolates.ts";

Deno.test("WriteForwarding never acknowledges what failed, though its answer was lost and the leader is gone", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const [leader, other] = isolates.all;
  const bo = await enter(other, "lobby", "bo");
  bus.loses = ({ type }) => type === "answer";
  isolates.commit = () => Promise.reject(new TypeError("disk I/O error"));
  bo.say("one", "1");
  await until(() => bus.posts.some(({ type }) => type === "answer"));
  isolates.commit = (commit) => commit();
  bo.say("two", "2");
  await until(() => bo.answers.length === 1);
  bus.loses = () => true;
  await isolates.end(leader);
  await until(() => bo.answers.length === 2);
  assertEquals(bo.answers, ["ack 2", "error 1"]);
  assertEquals(await stored(other, "lobby"), ["two"]);
  bo.leave();
});

Deno.test("WriteForwarding shows everyone a message whose commit was made though it seemed to fail", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const members = await Promise.all(isolates.all.map((rooms, i) => enter(rooms, "lobby", `u${i}`)));
  members[0].say("one", "1");
  await until(() => members.every(({ shown }) => shown.length === 1));
  isolates.commit = async (commit) => {
    await commit();
    throw new TypeError("connection lost");
  };
  members[0].say("two", "2");
  await until(() => members[0].answers.length === 2);
  isolates.commit = (commit) => commit();
  members[0].say("three", "3");
  await until(() => members.every(({ shown }) => shown.length === 3));
  assertEquals(members[0].answers, ["ack 1", "error 2", "ack 3"]);
  for (const { shown } of members) assertEquals(shown, ["one", "two", "three"]);
  members.forEach((member) => member.leave());
});

Deno.test("WriteForwarding answers a message whose commit was posted in vain, and which has left the outbox since", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const [leader, other] = isolates.all;
  bus.loses = ({ type }) => type === "commit" || type === "beat";
  const posted = other.rooms.post("empty", guest("backend"), { message: "hello" });
  await until(() => bus.posts.some(({ type }) => type === "commit"));
  await leader.messageLog.archive.advance();
  assertEquals(await stored(leader, "empty"), ["hello"]);
  bus.loses = () => false;
  assertEquals((await posted).message, "hello");
});

Deno.test("WriteForwarding stores a message once though a post of the leader before comes late while it is committed", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const [leader, other] = isolates.all;
  await other.rooms.post("lobby", guest("bo"), { message: "first" });
  const held = Promise.withResolvers<void>();
  isolates.commit = async (commit) => {
    await held.promise;
    return await commit();
  };
  const posted = other.rooms.post("lobby", guest("bo"), { message: "hello" });
  bus.bringLate({ type: "commit", previous: "", versionstamp: "0".repeat(20), messages: [] });
  // It is handed again and again meanwhile.
  const hands = (): number => bus.posts.filter(({ type }) => type === "hand").length;
  const before = hands();
  await until(() => hands() > before + 2);
  held.resolve();
  await posted;
  await other.rooms.post("lobby", guest("bo"), { message: "last" });
  assertEquals(await stored(leader, "lobby"), ["first", "hello", "last"]);
});

Deno.test("WriteForwarding refuses nothing when the leader stops in order, and another one leads", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(3, bus);
  const [leader, ...others] = isolates.all;
  let count = 0;
  const outcomes: Promise<unknown>[] = [];
  const talking = setInterval(() => {
    for (const { rooms } of others) {
      outcomes.push(rooms.post("lobby", guest("bo"), { message: `m${count++}` }));
    }
  }, 2);
  await until(() => count > 50);
  await isolates.end(leader);
  const atTheEnd = count;
  await until(() => count > atTheEnd + 50);
  clearInterval(talking);
  const results = await Promise.allSettled(outcomes);
  assertEquals(results.filter(({ status }) => status === "rejected"), []);
  const texts = new Set(await stored(others[0], "lobby"));
  assert(texts.size >= Math.min(count, 200), `${texts.size} of ${count}`);
});

Deno.test("WriteForwarding stores what waits in the last isolate that stops, though the leader has gone before", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const [leader, last] = isolates.all;
  const bo = await enter(last, "lobby", "bo");
  // As if the leader ended before it could answer.
  bus.loses = ({ type }) => type === "hand";
  bo.say("one", "1");
  await until(() => bus.posts.some(({ type }) => type === "hand"));
  await Promise.all([isolates.end(leader), isolates.end(last)]);
  assertEquals(bo.answers, ["ack 1"]);
});

Deno.test("Peers tell of a thousand rooms in a few posts, and then are quiet", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const [one, two] = isolates.all;
  const members = await Promise.all(
    Array.from({ length: 1_000 }, (_, i) => enter(i % 2 ? one : two, `room${i >> 1}`, `u${i}`)),
  );
  const about = (): number => bus.posts.filter(({ type }) => type === "people" || type === "who").length;
  const knows = (): boolean =>
    [one, two].every(({ rooms }) => rooms.room("room7").presence.users.length === 2);
  await until(knows);
  // A post that got lost, of which the next heartbeat tells.
  bus.loses = ({ type }) => type === "people";
  const late = await enter(one, "room7", "late");
  await until(() =>
    bus.posts.some((post) => post.type === "people" && post.changes.some(({ room }) => room === "room7"))
  );
  await until(() => one.rooms.room("room7").presence.users.length === 3);
  bus.loses = () => false;
  await until(() => two.rooms.room("room7").presence.users.length === 3);
  assert(about() < 200, `${about()} posts`);
  [...members, late].forEach((member) => member.leave());
});

Deno.test("WriteForwarding hands messages again as soon as posts come through, though it was cut off for long while busy", async () => {
  const bus = new Bus();
  await using isolates = await openIsolates(2, bus);
  const other = isolates.all[1];
  const bo = await enter(other, "lobby", "bo");
  bo.say("before", "before");
  await until(() => bo.answers.length === 1);
  bus.loses = () => true;
  let count = 0;
  const talking = setInterval(() => bo.say(`m${count}`, String(count++)), 20);
  // It has run out of patience with the first ones: from then on the oldest is another one at each beat.
  await until(() => bo.answers.filter((answer) => answer.startsWith("error")).length > 10);
  bus.loses = () => false;
  const beats = (): number => bus.posts.filter(({ type }) => type === "beat").length;
  const back = beats();
  const refused = bo.answers.length;
  await until(() => bo.answers.slice(refused).some((answer) => answer.startsWith("ack")));
  // Four a second, by the same event loop. What is handed again only once it is quiet waits for sixty.
  assert(beats() - back <= 12, `${beats() - back} beats without an answer`);
  const said = count;
  await until(() => bo.answers.includes(`ack ${said}`));
  clearInterval(talking);
  await until(() => bo.answers.length === count + 1);
  const acknowledged = bo.answers.filter((answer) => answer.startsWith("ack")).map((answer) =>
    answer.slice(4)
  );
  const texts = await stored(other, "lobby");
  const missing = acknowledged.slice(-100).filter((id) => !texts.includes(`m${id}`));
  assertEquals(missing, []);
  assertEquals(new Set(texts).size, texts.length);
  bo.leave();
});
