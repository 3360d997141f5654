/** Search in rooms, over HTTP. */
import { assert, assertEquals } from "@std/assert";
import { member } from "../support/cast.ts";
import { change } from "../support/changes.ts";
import { startService, temporaryDirectory, type TestService, TOKEN } from "../support/service.ts";

const ROOM = "聊天室";

Deno.test("GET /search finds what contains all words, in any case and width, newest first", async () => {
  await using service = await startService();
  for (const text of ["颱風天停課", "明天上課", "ＡＢＣ class", "abc 停課", `say "停課" \\ now`]) {
    await say(service, text);
  }
  const texts = async (q: string) => (await search(service, { q })).messages.map(({ message }) => message);
  assertEquals(await texts("課"), [`say "停課" \\ now`, "abc 停課", "明天上課", "颱風天停課"]);
  assertEquals(await texts("停課"), [`say "停課" \\ now`, "abc 停課", "颱風天停課"]);
  assertEquals(await texts("停課 ABC"), ["abc 停課"]);
  assertEquals(await texts("ａｂｃ"), ["abc 停課", "ＡＢＣ class"]);
  assertEquals(await texts(`"停課"`), [`say "停課" \\ now`]);
  assertEquals(await texts(`\\`), [`say "停課" \\ now`]);
  assertEquals(await texts("天停 課"), ["颱風天停課"]);
  assertEquals(await texts("沒有"), []);
});

Deno.test("GET /search filters by author and day, and pages by before", async () => {
  await using service = await startService({ timeZone: "Asia/Taipei" });
  for (let index = 0; index < 5; index++) await say(service, `note ${index}`, index % 2 ? "Bo" : "小安");
  const first = await search(service, { q: "note", limit: "2" });
  assertEquals([first.messages.map(({ message }) => message), first.more], [["note 4", "note 3"], true]);
  const rest = await search(service, { q: "note", before: first.messages[1].id });
  assertEquals([rest.messages.map(({ message }) => message), rest.more], [
    ["note 2", "note 1", "note 0"],
    false,
  ]);
  assertEquals((await search(service, { by: "bo" })).messages.map(({ message }) => message), [
    "note 3",
    "note 1",
  ]);
  const today = first.messages[0].time.slice(0, 10);
  assertEquals((await search(service, { q: "note", from: today, to: today })).messages.length, 5);
  assertEquals((await search(service, { q: "note", to: "2026-01-01" })).messages, []);
  assertEquals((await search(service, { q: "note", from: "2099-01-01" })).messages, []);
});

Deno.test("GET /search finds messages as they are by now: edited anew, deleted and erased never", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter(ROOM, "?events=1");
  const ids: string[] = [];
  for (const text of ["first thing", "second thing", "third thing"]) ids.push((await own.say(text)).id);
  await change(own, { type: "edit_message", id: ids[0], message: "mended 東西" });
  await change(own, { type: "delete_message", id: ids[1] });
  const texts = async (q: string) => (await search(service, { q })).messages.map(({ message }) => message);
  assertEquals(await texts("thing"), ["third thing"]);
  assertEquals(await texts("東西"), ["mended 東西"]);
  assertEquals(await texts("second"), []);
  const erased = await fetch(`${service.url}/api/people/ada/messages`, {
    method: "DELETE",
    headers: SERVICE,
  });
  assertEquals([erased.ok, await erased.text().then(() => "")], [true, ""]);
  assertEquals([await texts("東西"), await texts("third")], [[], []]);
  assertEquals((await search(service, { by: "ada" })).messages, []);
});

Deno.test("GET /search is for those who may enter, and says what is wrong with a question", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const path = "/api/rooms/secret";
  await using _creator = await ada.enter("secret");
  assertEquals((await ada.ask("PATCH", path, { private: true })).status, 200);
  assertEquals((await ada.ask("GET", `${path}/search?q=x`)).status, 200);
  const stranger = await fetch(`${service.url}${path}/search?q=x`);
  assertEquals([stranger.status, (await stranger.json()).code], [401, "not_signed_in"]);
  for (
    const query of [
      "",
      "q=",
      "q=x&from=yesterday",
      "q=x&to=2026-13-01",
      "q=x&limit=0",
      `q=${"x".repeat(201)}`,
    ]
  ) {
    const answer = await fetch(`${service.url}/api/rooms/lobby/search?${query}`);
    const { error } = await answer.json();
    assertEquals([query, answer.status], [query, 400]);
    assert(error.length > 10);
  }
});

Deno.test("GET /search pages on from a message that is gone", async () => {
  await using service = await startService();
  const ids: string[] = [];
  for (let index = 0; index < 6; index++) ids.push((await say(service, `note ${index}`)).id);
  const unknown = ids[3].slice(0, -4) + "0000";
  // Messages of one millisecond have ids that follow each other, so the unknown one may be below several of them.
  const earlier = ids.flatMap((id, index) => id < unknown ? [`note ${index}`] : []).reverse();
  const { messages } = await search(service, { q: "note", before: unknown });
  assertEquals(messages.map(({ message }) => message), earlier);
});

Deno.test("GET /messages?around= answers with both sides of a message, in the archive and in memory", async () => {
  await using service = await startService();
  const ids: string[] = [];
  for (let index = 0; index < 30; index++) ids.push((await say(service, `m${index}`)).id);
  const around = async (id: string, limit = 6) => {
    const answer = await fetch(`${service.url}/api/rooms/${ROOM}/messages?around=${id}&limit=${limit}`);
    const { messages, more, more_after } = await answer.json();
    return [messages.map(({ message }: { message: string }) => message), more, more_after];
  };
  assertEquals(await around(ids[10]), [["m8", "m9", "m10", "m11", "m12", "m13"], true, true]);
  assertEquals(await around(ids[29]), [["m27", "m28", "m29"], true, false]);
  assertEquals(await around(ids[0]), [["m0", "m1", "m2", "m3"], false, true]);
});

Deno.test("Pages of an older version are found once they are signed", async () => {
  await using directory = await temporaryDirectory();
  {
    await using service = await startService({}, directory.path);
    await say(service, "from long ago");
    assertEquals((await search(service, { q: "long" })).messages.length, 1);
  }
  const path = `${directory.path}/talksheet.db`;
  {
    // As a version without signatures left it.
    using kv = await Deno.openKv(path);
    for await (const { key } of kv.list({ prefix: ["search"] })) await kv.delete(key);
    await kv.set(["version"], 2);
  }
  await using service = await startService({}, directory.path);
  assertEquals((await search(service, { q: "long" })).messages.length, 1);
});

const SERVICE = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

interface Said {
  id: string;
  message: string;
  time: string;
}

async function say(service: TestService, message: string, username = "bo"): Promise<Said> {
  const body = JSON.stringify({ message, username });
  const answer = await fetch(`${service.url}/api/rooms/${ROOM}/messages`, {
    method: "POST",
    headers: SERVICE,
    body,
  });
  return await answer.json();
}

async function search(
  service: TestService,
  query: Record<string, string>,
): Promise<{ messages: Said[]; more: boolean }> {
  const answer = await fetch(`${service.url}/api/rooms/${ROOM}/search?${new URLSearchParams(query)}`);
  assertEquals(answer.status, 200);
  return await answer.json();
}
