/** What people do to messages after they were said: edits, deletions, reactions, pins and replies, over real sockets. */
import { assert, assertEquals } from "@std/assert";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { Client, type Frame } from "../support/client.ts";
import { change } from "../support/changes.ts";
import { readHistory, startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

Deno.test("An edit reaches members in their order, the history, and whoever comes back", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team", "?events=1");
  await using bo = await Client.enter(service.url, "team", "?username=bo&batch=1");
  await using simple = await Client.enter(service.url, "team", "?username=cy");
  const { id } = await own.say("helo");
  const { id: last } = await own.say("bye");
  const { id: entry } = await change(own, { type: "edit_message", id, message: "hello" });
  const edited = await bo.next("message_edited");
  assertEquals([edited.message_id, edited.message, edited.id, edited.user], [id, "hello", entry, "ada"]);
  await own.say("after it");
  await simple.next("chat_message", ({ message }) => message === "after it");
  assertEquals(simple.all("message_edited"), []);
  const [first] = await readHistory(service.url, "team");
  assertEquals([first.message, typeof first.edited], ["hello", "string"]);
  await using back = await Client.enter(service.url, "team", `?username=bo&events=1&after=${last}`);
  const [history] = back.all("history");
  assertEquals(history.messages.map(({ message }: Frame) => message), ["after it"]);
  assertEquals(history.changes.map(({ type, message }: Frame) => [type, message]), [[
    "message_edited",
    "hello",
  ]]);
  await using behind = await Client.enter(service.url, "team", `?username=bo&events=1&after=${entry}`);
  assertEquals(behind.all("history")[0].changes, undefined);
  assertEquals(behind.all("history")[0].messages.length, 1);
});

Deno.test("Only its author edits a message, and only in time; its author and the room's creator delete it", async () => {
  await using service = await startService({ editMinutes: 0 });
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team", "?events=1");
  await using bo = await new Visitor(service.url).enter("team", "?username=bo&events=1");
  const { id } = await bo.say("hi");
  const { id: hers } = await own.say("mine");
  const codes = async (client: Client, frame: object): Promise<string> => (await change(client, frame)).code;
  assertEquals(await codes(bo, { type: "edit_message", id: hers, message: "not mine" }), "not_allowed");
  assertEquals(await codes(own, { type: "edit_message", id, message: "not mine" }), "not_allowed");
  assertEquals(await codes(own, { type: "edit_message", id: hers, message: "late" }), "too_late");
  assertEquals(await codes(bo, { type: "delete_message", id: hers }), "not_allowed");
  assertEquals(await codes(bo, { type: "pin_message", id: hers, on: true }), "not_allowed");
  assertEquals(await codes(own, { type: "edit_message", id: "nothing", message: "x" }), "not_found");
  assertEquals(await codes(own, { type: "react", id, emoji: "ok", on: true }), "invalid_frame");
  assertEquals((await change(own, { type: "delete_message", id })).type, "ack");
  assertEquals((await bo.next("message_deleted")).id, id);
  assertEquals(await codes(own, { type: "react", id, emoji: "👍", on: true }), "not_found");
  await using elsewhere = await ada.enter("other", "?events=1");
  assertEquals(await codes(elsewhere, { type: "react", id: hers, emoji: "👍", on: true }), "not_found");
});

Deno.test("A guest edits what the same browser said, and nobody else of the same name does", async () => {
  await using service = await startService();
  const browser = new Visitor(service.url);
  await browser.ask("GET", "/chat/team/");
  await using bo = await browser.enter("team", "?username=bo&events=1");
  const { id } = await bo.say("helo");
  assertEquals((await change(bo, { type: "edit_message", id, message: "hello" })).type, "ack");
  await using plain = await Client.enter(service.url, "team", "?username=dan&events=1");
  const { id: said } = await plain.say("I am dan");
  await using other = await Client.enter(service.url, "team", "?username=dan&events=1");
  assertEquals((await change(other, { type: "edit_message", id: said, message: "no" })).code, "not_allowed");
});

Deno.test("A change that is sent again is the same one, also when it could no longer be made", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team", "?events=1");
  const { id } = await own.say("hi");
  const first = await change(own, { type: "delete_message", id }, "1");
  own.send({ type: "delete_message", id, client_id: "1" });
  const again = await own.next("ack", ({ client_id, id }) => client_id === "1" && id === first.id);
  assertEquals(again.id, first.id);
  assertEquals(own.all("message_deleted").length, 1);
});

Deno.test("Reactions are counted by person, told whole, and marked as one's own in a history", async () => {
  await using service = await startService();
  const visitors = [new Visitor(service.url), new Visitor(service.url)];
  await using ada = await visitors[0].enter("team", "?username=ada&events=1");
  await using bo = await visitors[1].enter("team", "?username=bo&events=1");
  const { id } = await ada.say("cake!");
  await change(ada, { type: "react", id, emoji: "🎂", on: true });
  await change(bo, { type: "react", id, emoji: "🎂", on: true });
  await change(bo, { type: "react", id, emoji: "🎂", on: true });
  await change(ada, { type: "react", id, emoji: "👍", on: true });
  await change(ada, { type: "react", id, emoji: "👍", on: false });
  await bo.next("reactions", ({ on }) => on === false);
  const told = bo.all("reactions").map(({ reactions }) =>
    reactions.map(({ emoji, count }: Frame) => emoji + count).join()
  );
  assertEquals(told, ["🎂1", "🎂2", "🎂2,👍1", "🎂2"]);
  const [{ reactions }] = await readHistory(service.url, "team");
  assertEquals(reactions, [{ emoji: "🎂", count: 2, users: ["ada", "bo"] }]);
  await using back = await visitors[1].enter("team", "?username=bo&events=1");
  assertEquals(back.all("history")[0].messages[0].reactions[0].mine, true);
});

Deno.test("What is pinned is told to members and to those who come, and goes with its message", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team", "?events=1");
  await using bo = await Client.enter(service.url, "team", "?username=bo&events=1");
  const { id } = await own.say("the rules");
  await change(own, { type: "pin_message", id, on: true });
  const isPinned = ({ messages }: Frame): boolean => messages.length === 1;
  assertEquals((await bo.next("pins", isPinned)).messages[0].message, "the rules");
  await using cy = await Client.enter(service.url, "team", "?username=cy&events=1");
  assertEquals((await cy.next("pins")).messages[0].id, id);
  await change(own, { type: "delete_message", id });
  assertEquals((await cy.next("pins")).messages, []);
});

Deno.test("A reply quotes what it answers, as that stands, and nothing that is gone", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team", "?events=1");
  await using bo = await Client.enter(service.url, "team", "?username=bo&events=1");
  const { id } = await own.say("at nine?");
  await change(bo, { type: "chat_message", message: "yes", reply_to: id });
  const reply = await own.next("chat_message", ({ message }) => message === "yes");
  assertEquals(reply.reply_to, { id, username: "ada", message: "at nine?" });
  await change(own, { type: "edit_message", id, message: "at ten?" });
  assertEquals((await readHistory(service.url, "team"))[1].reply_to.message, "at ten?");
  await change(own, { type: "delete_message", id });
  assertEquals((await readHistory(service.url, "team"))[1].reply_to, {
    id,
    username: "",
    message: "",
    deleted: true,
  });
  assertEquals((await change(bo, { type: "chat_message", message: "no", reply_to: id })).code, "not_found");
});

Deno.test("State and order survive restarts: in memory, in the archive, and of messages that are long gone from memory", async () => {
  await using directory = await temporaryDirectory();
  let ids: string[] = [];
  {
    await using service = await startService({ rateMessagesPerMinute: 0 }, directory.path);
    const ada = await member(service.url, "ada");
    await using own = await ada.enter("team", "?events=1");
    for (let i = 0; i < 400; i++) own.send({ type: "chat_message", message: `${i}`, client_id: `m${i}` });
    await own.until((frames) => frames.filter(({ type }) => type === "chat_message").length === 400);
    ids = own.all("chat_message").map(({ id }) => id);
    await change(own, { type: "chat_message", message: "an answer", reply_to: ids[0] });
  }
  {
    await using service = await startService({ rateMessagesPerMinute: 0 }, directory.path);
    await using ada = await (await Visitor.signedIn(service.url, "ada", PASSWORD)).enter("team", "?events=1");
    // Far above what memory holds after a restart.
    await change(ada, { type: "edit_message", id: ids[0], message: "zero" });
    assertEquals((await ada.next("message_edited")).message, "zero");
    await change(ada, { type: "react", id: ids[1], emoji: "👍", on: true });
    assertEquals((await ada.next("reactions")).reactions[0].count, 1);
    await change(ada, { type: "edit_message", id: ids[2], message: "字".repeat(4_000) });
    await change(ada, { type: "delete_message", id: ids[3] });
  }
  await using service = await startService({}, directory.path);
  const messages: Frame[] = [];
  for (let more = true; more;) {
    const before = messages.length ? `&before=${messages[0].id}` : "";
    const { body } = await backend(service.url).ask("GET", `/api/rooms/team/messages?limit=200${before}`);
    messages.unshift(...body.messages);
    more = body.more;
  }
  assertEquals(messages.length, 401);
  assertEquals(messages.map(({ id }) => id).slice(0, 400), ids);
  assertEquals([messages[0].message, messages[2].message, messages[3].message], [
    "zero",
    "字".repeat(4_000),
    "",
  ]);
  assertEquals(messages[1].reactions, [{ emoji: "👍", count: 1, users: ["ada"] }]);
  assertEquals(messages[400].reply_to.message, "zero");
  assert(messages[3].deleted);
});
