import { assert, assertEquals } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import type { Client, Frame } from "../support/client.ts";
import { ModerationEvents } from "../../rooms/access/moderation/moderation_events.ts";
import { PendingMessages } from "../../rooms/access/moderation/pending_messages.ts";
import { systemClock } from "../../rooms/clock.ts";
import { ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { parseCsv, startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

/** A browser whose guest is told apart by its cookie. */
async function browser(origin: string): Promise<Visitor> {
  const visitor = new Visitor(origin);
  await visitor.ask("GET", "/chat/class/");
  return visitor;
}

async function refused(client: Client, frame: object): Promise<Frame> {
  const sent = { client_id: crypto.randomUUID(), ...frame };
  client.send(sent);
  return await client.next("error", ({ client_id }) => client_id === sent.client_id);
}

const personOf = (client: Client): string => client.all("welcome")[0].person;

Deno.test("Mute, ban and their undoing are for creator, hosts, admins and the service, and for none of them to suffer", async () => {
  await using service = await startService();
  const [ada, bo, cy] = await Promise.all(["ada", "bo", "cy"].map((name) => member(service.url, name)));
  const root = await member(service.url, "root", "admin");
  await using own = await ada.enter("class", "?events=1");
  await ada.ask("PATCH", "/api/rooms/class", { hosts: ["bo"], members: ["cy"] });
  await using pupil = await (await browser(service.url)).enter("class", "?events=1&username=小安");
  await using host = await bo.enter("class", "?events=1");
  await using admin = await root.enter("class", "?events=1");
  const person = personOf(pupil);
  const paths = [
    ["GET", "/api/rooms/class/members"],
    ["GET", "/api/rooms/class/events"],
    ["GET", "/api/rooms/class/bans"],
    ["GET", "/api/rooms/class/pending"],
    ["POST", `/api/rooms/class/members/${person}/mute`, { minutes: 5 }],
    ["DELETE", `/api/rooms/class/members/${person}/mute`],
    ["POST", "/api/rooms/class/bans", { member: person }],
    ["DELETE", `/api/rooms/class/bans/${person}`],
    ["DELETE", "/api/rooms/class/messages?by=nobody"],
    ["PATCH", "/api/rooms/class", { slow_mode_seconds: 0 }],
  ] as const;
  for (const [method, path, body] of paths) {
    assertEquals(await cy.outcome(method, path, body), [403, "not_allowed"], path);
    assertEquals(await new Visitor(service.url).outcome(method, path, body), [401, "not_signed_in"], path);
    for (const keeper of [ada, bo, root, backend(service.url)]) {
      const { status } = await keeper.ask(method, path, body);
      assert(status < 300 || (status === 404 && method === "DELETE"), `${method} ${path}: ${status}`);
    }
  }
  for (const keeper of [own, host, admin]) {
    const target = { member: personOf(keeper) };
    assertEquals(await root.outcome("POST", "/api/rooms/class/bans", target), [403, "not_allowed"]);
    const mute = `/api/rooms/class/members/${target.member}/mute`;
    assertEquals(await root.outcome("POST", mute, { minutes: 1 }), [403, "not_allowed"]);
  }
  assertEquals(await ada.outcome("POST", `/api/rooms/class/members/${"x".repeat(22)}/mute`, { minutes: 1 }), [
    404,
    "not_found",
  ]);
  for (const minutes of [0, -1, 20_000, "5"]) {
    const outcome = await ada.outcome("POST", `/api/rooms/class/members/${person}/mute`, { minutes });
    assertEquals(outcome, [400, "invalid_request"]);
  }
});

Deno.test("Who is muted can't speak, edit or react until it is taken back, and reads on", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("class", "?events=1");
  await using pupil = await (await browser(service.url)).enter("class", "?events=1&username=小安");
  const { id } = await pupil.say("before", "x");
  const path = `/api/rooms/class/members/${personOf(pupil)}/mute`;
  assertEquals((await ada.ask("POST", path, { minutes: 5 })).status, 200);
  for (
    const frame of [
      { type: "chat_message", message: "after" },
      { type: "edit_message", id, message: "other" },
      { type: "react", id, emoji: "👍", on: true },
    ]
  ) {
    const { code, retry_after_ms: wait } = await refused(pupil, frame);
    assertEquals(code, "muted");
    assert(wait > 200_000 && wait <= 300_000);
  }
  // What was taken before is acknowledged when it is sent again.
  pupil.send({ type: "chat_message", message: "before", client_id: "x" });
  const isAnswer = ({ type, client_id }: Frame) => client_id === "x" && (type === "ack" || type === "error");
  await pupil.until((frames) => frames.filter(isAnswer).length === 2);
  assertEquals(pupil.frames.filter(isAnswer).map(({ type, id }) => [type, id]), [["ack", id], ["ack", id]]);
  await own.say("still heard");
  await pupil.next("chat_message", ({ message }) => message === "still heard");
  assertEquals(
    (await ada.ask("GET", "/api/rooms/class/members")).body.members.filter(
      ({ muted }: Frame) => muted !== undefined,
    ).map(({ name }: Frame) => name),
    ["小安"],
  );
  assertEquals((await ada.ask("DELETE", path)).status, 200);
  await pupil.say("free again");
});

Deno.test("Who is banned is out at once and stays out in every way; the ban is undone, and all is kept as events and rows", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const eve = await member(service.url, "eve");
  await using _own = await ada.enter("class", "?events=1");
  const visitor = await browser(service.url);
  const pupil = await visitor.enter("class", "?events=1&username=小安");
  const { body: file } = await visitor.ask("POST", "/api/rooms/class/files?name=a.txt", "text");
  pupil.send({ type: "chat_message", message: "rude", files: [file.id], client_id: "f1" });
  await pupil.next("ack");
  const account = await eve.enter("class", "?events=1");
  for (const socket of [pupil, account]) {
    const body = { member: personOf(socket) };
    assertEquals((await ada.ask("POST", "/api/rooms/class/bans", body)).status, 201);
    const { code, reason } = await socket.closed;
    assertEquals([code, reason], [4003, "You are banned from this room"]);
  }
  for (const banned of [visitor, eve]) {
    // Under another name, and over HTTP.
    assertEquals((await banned.socket("class", "?username=小柏").closed).code, 4003);
    assertEquals((await banned.outcome("GET", "/api/rooms/class/messages"))[0], 403);
    assertEquals((await banned.outcome("GET", "/api/rooms/class/search?q=rude"))[0], 403);
    assertEquals((await banned.ask("GET", new URL(file.url, service.url).pathname)).status, 403);
  }
  assertEquals(
    (await eve.outcome("POST", "/api/reports/request/", { type: "transcript", room: "class" }))[0],
    403,
  );
  assertEquals((await eve.ask("GET", "/api/me/rooms")).body.rooms, []);
  // A school is one address: the others behind it stay.
  await using _other = await (await browser(service.url)).enter("class", "?username=小丁");
  assertEquals((await ada.ask("GET", "/api/rooms/class/bans")).body.bans.length, 2);
  const { deleted } = (await ada.ask("DELETE", `/api/rooms/class/messages?person=${personOf(pupil)}`)).body;
  assertEquals(deleted, 1);
  assertEquals((await ada.ask("DELETE", `/api/rooms/class/bans/${personOf(pupil)}`)).status, 200);
  await using _back = await visitor.enter("class", "?username=小安");
  const events = (await ada.ask("GET", "/api/rooms/class/events")).body.events;
  const acts = events.map(({ act, by, whom }: Frame) => [act, by, whom]);
  assertEquals(acts, [
    ["unbanned", "ada", "小安"],
    ["deleted_all", "ada", "小安"],
    ["banned", "ada", "eve"],
    ["banned", "ada", "小安"],
  ]);
  await service.sweep();
  const rows = parseCsv(await Deno.readTextFile(`${service.directory}/ChatLogs.changes.csv`));
  assertEquals(rows.slice(1).map(([, room, username, change, , text]) => [room, username, change, text]), [
    ["class", "ada", "banned", "小安"],
    ["class", "ada", "banned", "eve"],
    ["class", "ada", "deleted", ""],
    ["class", "ada", "deleted_all", "小安 (1)"],
    ["class", "ada", "unbanned", "小安"],
  ]);
});

Deno.test("With an address, a ban holds for everybody behind it but those who moderate", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("class", "?events=1");
  const pupil = await (await browser(service.url)).enter("class", "?events=1&username=小安");
  const body = { member: personOf(pupil), address: true };
  assertEquals((await ada.ask("POST", "/api/rooms/class/bans", body)).status, 201);
  assertEquals((await pupil.closed).code, 4003);
  assertEquals((await (await browser(service.url)).socket("class", "?username=new").closed).code, 4003);
  await own.say("I am here");
  await ada.ask("DELETE", `/api/rooms/class/bans/${body.member}`);
  await using _new = await (await browser(service.url)).enter("class", "?username=new");
});

Deno.test("Slow mode and blocked words refuse with what to wait for, and never a message that was taken", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("class", "?events=1");
  await using pupil = await (await browser(service.url)).enter("class", "?events=1&username=小安");
  const rules = { slow_mode_seconds: 60, blocked_words: ["笨蛋", "ass", " "] };
  const { body } = await ada.ask("PATCH", "/api/rooms/class", rules);
  assertEquals([body.slow_mode_seconds, body.blocked_words], [60, ["笨蛋", "ass"]]);
  assertEquals((await pupil.next("room")).slow_mode_seconds, 60);
  for (const message of ["你這個笨蛋！", "笨 \u200b蛋", "you A\u200dＳ s!"]) {
    assertEquals((await refused(pupil, { type: "chat_message", message })).code, "blocked_word", message);
  }
  await pupil.say("first class", "c1");
  const { code, retry_after_ms: wait } = await refused(pupil, { type: "chat_message", message: "second" });
  assertEquals(code, "slow_mode");
  assert(wait > 50_000 && wait <= 60_000);
  // Its acknowledgement may have been lost.
  await pupil.say("first class", "c1");
  for (const message of ["one", "two"]) await own.say(message);
  for (const wrong of [{ slow_mode_seconds: 4_000 }, { blocked_words: ["x".repeat(51)] }, { approval: 1 }]) {
    assertEquals(await ada.outcome("PATCH", "/api/rooms/class", wrong), [400, "invalid_request"]);
  }
});

Deno.test("With approval nobody but hosts sees a message before it is approved; refused ones have no row, approved ones one", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("class", "?events=1");
  await ada.ask("PATCH", "/api/rooms/class", { approval: true });
  await using pupil = await (await browser(service.url)).enter("class", "?events=1&username=小安");
  await using other = await (await browser(service.url)).enter("class", "?events=1&username=小柏");
  const hold = async (message: string, clientId: string): Promise<string> => {
    pupil.send({ type: "chat_message", message, client_id: clientId });
    return (await pupil.next("pending", ({ client_id }) => client_id === clientId)).id;
  };
  const [first, second] = [await hold("good", "c1"), await hold("bad", "c2")];
  assertEquals(await hold("good", "c1"), first);
  const shown = await own.next("pending_message");
  assertEquals([shown.id, shown.username, shown.message], [first, "小安", "good"]);
  await own.say("by the host");
  const { pending } = (await ada.ask("GET", "/api/rooms/class/pending")).body;
  assertEquals(pending.map(({ message }: Frame) => message), ["good", "bad"]);
  const decide = (id: string, approve: boolean) =>
    ada.ask("POST", `/api/rooms/class/pending/${id}`, { approve });
  // Two hosts at once.
  const answers = await Promise.all([decide(first, true), decide(first, true)]);
  assertEquals(answers.map(({ status }) => status), [200, 200]);
  assertEquals(new Set(answers.map(({ body }) => body.id)).size, 1);
  assertEquals((await decide(second, false)).status, 200);
  const message = await other.next("chat_message", ({ message }) => message === "good");
  assertEquals([message.id, message.username, message.client_id], [answers[0].body.id, "小安", "c1"]);
  const told = await pupil.next("pending_decided", ({ id }) => id === second);
  assertEquals([told.approved, told.client_id], [false, "c2"]);
  // The author may send it again without having heard.
  assertEquals((await pupil.say("good", "c1")).id, message.id);
  assertEquals(
    (await refused(pupil, { type: "chat_message", message: "bad", client_id: "c2" })).code,
    "not_allowed",
  );
  assertEquals(
    (await refused(pupil, { type: "edit_message", id: message.id, message: "bad" })).code,
    "not_allowed",
  );
  assertEquals((await decide(first, false)).status, 403);
  assertEquals((await decide("01M8ARXP6RKF6CBD41SJ8P3JM0", true)).status, 404);
  assertEquals(other.frames.filter((frame) => JSON.stringify(frame).includes("bad")), []);
  assertEquals(other.all("pending_message"), []);
  await service.sweep();
  assertEquals((await service.rows()).slice(1).map(([, , username, text]) => [username, text]), [
    ["ada", "by the host"],
    ["小安", "good"],
  ]);
  // A refusal can be taken back.
  assertEquals((await decide(second, true)).status, 200);
  await other.next("chat_message", ({ message }) => message === "bad");
});

Deno.test("In a read-only room its hosts speak, too, and they change what is about order alone", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using _own = await ada.enter("class", "?events=1");
  await ada.ask("PATCH", "/api/rooms/class", { hosts: ["bo"], read_only: true });
  await using host = await bo.enter("class", "?events=1&batch=1");
  assertEquals((await host.next("room")).may_moderate, true);
  await host.say("for all");
  assertEquals((await bo.ask("GET", "/chat/class/settings/")).status, 200);
  assertEquals((await bo.ask("PATCH", "/api/rooms/class", { read_only: false })).status, 200);
  assertEquals(await bo.outcome("PATCH", "/api/rooms/class", { title: "Mine" }), [403, "not_allowed"]);
});

Deno.test("What a host has decided is finished by other processes when one dies, and has its row once", async () => {
  await using directory = await temporaryDirectory();
  const parallel = { fanOut: "broadcast" } as const;
  await using here = await startService(parallel, directory.path);
  await using there = await startService(parallel, directory.path);
  const ada = await member(here.url, "ada");
  await using own = await ada.enter("class", "?events=1");
  await using pupil = await (await browser(there.url)).enter("class", "?events=1&username=小安");
  for (const message of ["one", "two"]) await pupil.say(message);
  await ada.ask("PATCH", "/api/rooms/class", { approval: true });
  await pupil.next("room");
  pupil.send({ type: "chat_message", message: "three", client_id: "c3" });
  const { id: waiting } = await pupil.next("pending");

  // As if a process had died right behind the commit of each act.
  using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  const parts = { kv, now: Date.now, changes: new ChangeFeed(kv, systemClock) };
  const events = new ModerationEvents(parts);
  const host = { id: "the host's", name: "ada", isGuest: false, role: "user" } as const;
  await events.begin("class", host, { act: "muted", whom: "小安", detail: "5 min" });
  await events.begin("class", host, {
    ...{ act: "deleted_all", whom: "小安", detail: "2" },
    whose: { person: personOf(pupil) },
  });
  await new PendingMessages(parts).decide("class", waiting, true, (commit, { user }) => {
    events.add(commit, "class", host, { act: "approved", whom: user.name, detail: "", pending: waiting });
  });
  await here.sweep();
  await own.next("chat_message", ({ message }) => message === "three");
  await pupil.next("pending_decided", ({ approved }) => approved);
  await here.sweep();
  const rows = parseCsv(await Deno.readTextFile(`${directory.path}/ChatLogs.changes.csv`)).slice(1);
  assertEquals(rows.map(([, , , change, , text]) => `${change} ${text}`.trim()).sort(), [
    "approved 小安",
    "deleted",
    "deleted",
    "deleted_all 小安 (2)",
    "muted 小安 (5 min)",
    "rules (approval: true)",
  ]);
  assertEquals((await here.rows()).slice(1).map((row) => row[3]), ["one", "two", "three"]);
  assertEquals(await events.open(), []);
});
