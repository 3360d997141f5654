import { assertEquals, assertMatch } from "@std/assert";
import { personCommand } from "../../routes/commands/person.ts";
import { Archive } from "../../rooms/messages/archive.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { Packer } from "../../rooms/kv/value_packer.ts";
import { guest } from "../../rooms/user.ts";
import { backend, member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { readHistory, startService, temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";
import { messageFactoryOf } from "../support/messages.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

Deno.test("deno task person exports and erases what one person said, in all rooms, and leaves the sheet alone", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  await using away = await Client.enter(service.url, "聊天室", "?username=ada");
  await ada.say('hello "bo"');
  await bo.say('hello "ada"');
  const { id } = await away.say("你好");
  await away.next("recorded", ({ ids }) => ids.includes(id));
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const around = { url: service.url, serviceToken: TOKEN, print, complain: print };
  assertEquals(await personCommand(["export", "ada"], around), 0);
  const exported = lines.splice(0).map((line) => JSON.parse(line));
  assertEquals(exported.map(({ room, message }) => [room, message]), [["lobby", 'hello "bo"'], [
    "聊天室",
    "你好",
  ]]);
  assertEquals(await personCommand(["erase", "ada"], around), 0);
  assertMatch(lines.splice(0).join(), /^2 messages are erased/);
  const history = await readHistory(service.url, "lobby");
  assertEquals(history.map(({ username, message, deleted }) => [username, message, deleted]), [
    ["-", "", true],
    ["bo", 'hello "ada"', undefined],
  ]);
  assertEquals((await service.rows()).filter((row) => row[2] === "ada").length, 2);
  assertEquals(await personCommand(["export", "ada"], around), 0);
  assertEquals(lines.splice(0), []);
  assertEquals(await personCommand(["forget", "ada"], around), 2);
  assertMatch(lines.splice(0).join(), /^Usage/);
  assertEquals(await personCommand(["export", "ada"], { ...around, serviceToken: "another-token" }), 1);
});

Deno.test("Erasing takes what was said a moment ago, in rooms of which nothing is archived yet, too", async () => {
  await using service = await startService();
  const rooms = ["mmm", "aaa", "zzz"];
  for (const room of rooms) {
    await using eve = await Client.enter(service.url, room, "?username=eve");
    await eve.say(`a secret of ${room}`);
  }
  const answer = await backend(service.url).ask("DELETE", "/api/people/eve/messages");
  assertEquals(answer.body, { erased: 3 });
  for (const room of rooms) {
    assertEquals((await readHistory(service.url, room)).map(({ username }) => username), ["-"]);
  }
});

Deno.test("What one person said is for admins and the service to export and erase", async () => {
  await using service = await startService();
  const [ada, root] = [await member(service.url, "ada"), await member(service.url, "root", "admin")];
  for (const method of ["GET", "DELETE"]) {
    assertEquals(await ada.outcome(method, "/api/people/bo/messages"), [403, "not_allowed"]);
    assertEquals(await new Visitor(service.url).outcome(method, "/api/people/bo/messages"), [
      401,
      "not_signed_in",
    ]);
    for (const keeper of [root, backend(service.url)]) {
      assertEquals((await keeper.ask(method, "/api/people/bo/messages")).status, 200);
    }
  }
});

Deno.test("RETENTION_DAYS takes old messages out of the history, in every room, and keeps the rest in order", async () => {
  await using directory = await temporaryDirectory();
  const kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  const outbox = new Outbox(kv);
  const packer = new Packer();
  let now = Date.now() - 10 * DAY_MS;
  const messageFactory = messageFactoryOf({ timeZone: "Asia/Taipei", now: () => now });
  // A day apart each, until now; the pages of the rooms straddle the border.
  for (let day = 0; day <= 10; day++) {
    const commit = kv.atomic();
    for (const room of ["a", "b", "b2"]) {
      packer.add(messageFactory.draft(room, guest("ada"), `day ${day}`).body);
    }
    outbox.add(commit, packer.take(), 3);
    await commit.commit();
    now += DAY_MS;
  }
  const archive = new Archive(kv, outbox);
  await archive.open();
  await archive.advance();
  kv.close();
  await using service = await startService({ retentionDays: 3 }, directory.path);
  for (const room of ["a", "b", "b2"]) {
    let said: string[] = [];
    // The first look may come while it is at work.
    do {
      said = (await readHistory(service.url, room)).map(({ message }) => message);
    } while (said.length > 3);
    assertEquals(said, ["day 8", "day 9", "day 10"], room);
  }
  await using bo = await Client.enter(service.url, "b", "?username=bo");
  await bo.say("after");
  assertEquals((await readHistory(service.url, "b")).map(({ message }) => message).at(-1), "after");
});
