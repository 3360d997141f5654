import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client, type Frame, roomAddress } from "../support/client.ts";
import { startService } from "../support/service.ts";

Deno.test("ChatSocket speaks the short form that tutorials' clients send", async () => {
  await using service = await startService();
  await using client = await Client.enter(service.url, "IGRoom");
  client.send({ message: "hi", username: "Edge" });
  const frame = await client.next("chat_message");
  assertEquals([frame.message, frame.username, frame.user, frame.room], ["hi", "Edge", "Edge", "IGRoom"]);
  assertMatch(frame.time, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assertMatch(frame.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assertMatch(frame.id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
});

Deno.test("ChatSocket speaks the long form, and acknowledges what carries a client id before showing it", async () => {
  await using service = await startService();
  await using client = await Client.enter(service.url, "lobby", "?username=ada");
  client.send({ type: "chat_message", message: "hi", client_id: "c1" });
  const frame = await client.next("chat_message");
  const [ack] = client.all("ack");
  assertEquals([ack.client_id, ack.id, ack.timestamp], ["c1", frame.id, frame.timestamp]);
  assertEquals([frame.user, frame.message], ["ada", "hi"]);
  client.send({ type: "chat_message", message: "no id" });
  await client.next("chat_message", ({ message }) => message === "no id");
  assertEquals(client.all("ack").length, 1);
});

Deno.test("ChatSocket reaches every member of the room, and nobody else, in one order", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "聊天室", "?username=ada");
  await using bo = await Client.enter(service.url, "聊天室", "?username=bo&batch=1");
  await using cy = await Client.enter(service.url, "elsewhere", "?username=cy");
  for (let i = 0; i < 200; i++) (i % 2 ? ada : bo).send({ message: `m${i}` });
  const isComplete = (client: Client): boolean => client.all("chat_message").length === 200;
  await Promise.all([ada.until(() => isComplete(ada)), bo.until(() => isComplete(bo))]);
  const seen = ada.all("chat_message").map(({ seq }) => seq);
  assertEquals(seen, bo.all("chat_message").map(({ seq }) => seq));
  assertEquals(seen, [...seen].sort());
  assertEquals(new Set(seen).size, 200);
  await cy.say("alone");
  assertEquals(cy.all("chat_message").filter(({ room }) => room !== "elsewhere"), []);
});

Deno.test("ChatSocket joins the events of one commit only for those who asked for it", async () => {
  await using service = await startService();
  await using plain = await Client.enter(service.url, "lobby", "?username=ada");
  await using batched = await Client.enter(service.url, "lobby", "?username=bo&batch=1");
  for (let i = 0; i < 50; i++) plain.send({ message: `m${i}` });
  await batched.next("chat_message", ({ message }) => message === "m49");
  await plain.next("chat_message", ({ message }) => message === "m49");
  assert(batched.texts.some((text) => text.startsWith("[")));
  assert(plain.texts.every((text) => text.startsWith("{")));
});

Deno.test("ChatSocket sends the same JSON in binary frames to those who asked for it, its reason to close included", async () => {
  await using service = await startService();
  await using batched = await Client.enter(service.url, "lobby", "?username=ada&batch=1");
  const frames: Frame[] = [];
  const entered = Promise.withResolvers<void>();
  const socket = new WebSocket(`${roomAddress(service.url, "lobby")}?username=bo&batch=1&binary=1`);
  socket.binaryType = "arraybuffer";
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.onmessage = ({ data }) => {
    assert(data instanceof ArrayBuffer);
    frames.push(...[JSON.parse(new TextDecoder().decode(data))].flat());
    if (frames.some(({ type }) => type === "history")) entered.resolve();
  };
  await entered.promise;
  for (let i = 0; i < 20; i++) batched.send({ message: `訊息 ${i} 🎉` });
  socket.send(JSON.stringify({ message: "from bo" }));
  await batched.next("chat_message", ({ message }) => message === "from bo");
  await service.stop();
  await closed;
  assertEquals(frames.filter(({ type }) => type === "chat_message"), batched.all("chat_message"));
  assertEquals(batched.all("chat_message").length, 21);
  assertEquals(frames.at(-1)?.type, "closing");
});

Deno.test("ChatSocket sends the newest 50 messages on entering, and older ones on request", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  for (let i = 0; i < 120; i++) ada.send({ message: `m${i}` });
  await ada.next("chat_message", ({ message }) => message === "m119");
  await using bo = new Client(roomAddress(service.url, "lobby"));
  const first = await bo.next("history");
  assertEquals(first.messages.map(({ message }: { message: string }) => message), names(70, 120));
  assertEquals(first.more, true);
  bo.send({ type: "history", before: first.messages[0].id, limit: 60 });
  const second = await bo.next("history");
  assertEquals(second.messages.map(({ message }: { message: string }) => message), names(10, 70));
  assertEquals(second.more, true);
  bo.send({ type: "history", before: second.messages[0].id, limit: 200 });
  const third = await bo.next("history");
  assertEquals(third.messages.map(({ message }: { message: string }) => message), names(0, 10));
  assertEquals(third.more, false);
});

Deno.test("ChatSocket sends everything since the message that ?after= names", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  for (let i = 0; i < 700; i++) ada.send({ message: `m${i}` });
  await ada.next("chat_message", ({ message }) => message === "m699");
  const tenth = ada.all("chat_message")[9];
  await using bo = new Client(`${roomAddress(service.url, "lobby")}?after=${tenth.id}`);
  await bo.until((frames) => frames.some(({ type, more }) => type === "history" && !more));
  const got = bo.all("history").flatMap(({ messages }) => messages).map(({ message }) => message);
  assertEquals(got, names(10, 700));
});

Deno.test("ChatSocket tells who is online, who joins and who leaves, but nobody about themselves", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  assertEquals((await ada.next("online_users")).users, ["ada"]);
  const bo = await Client.enter(service.url, "lobby", "?username=bo");
  assertEquals((await ada.next("user_join")).user, "bo");
  assertEquals((await ada.next("online_users")).users, ["ada", "bo"]);
  assertEquals((await bo.next("online_users")).count, 2);
  // A second connection of the same user is no news.
  await using again = await Client.enter(service.url, "lobby", "?username=bo");
  assertEquals((await again.next("online_users")).users, ["ada", "bo"]);
  await bo.close();
  await again.close();
  assertEquals((await ada.next("user_leave")).user, "bo");
  assertEquals((await ada.next("online_users")).users, ["ada"]);
  assertEquals(ada.all("user_join").map(({ user }) => user), ["bo"]);
  assertEquals(bo.all("user_join"), []);
});

Deno.test("ChatSocket reports typing to the others, at most once a second", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  for (let i = 0; i < 20; i++) ada.send({ type: "typing" });
  assertEquals((await bo.next("user_typing")).user, "ada");
  await ada.say("done");
  await bo.next("chat_message");
  assertEquals(bo.all("user_typing").length, 1);
  assertEquals(ada.all("user_typing"), []);
});

Deno.test("ChatSocket says what is wrong with a frame to its sender alone, and stays open", async () => {
  await using service = await startService({ maxMessageLength: 10 });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  const wrong: [frame: object | string, code: string, error: string][] = [
    ["{", "invalid_json", "Invalid JSON"],
    ["[]", "invalid_json", "Invalid JSON"],
    ['"hi"', "invalid_json", "Invalid JSON"],
    ["null", "invalid_json", "Invalid JSON"],
    [{ type: "shout" }, "unknown_type", "Unknown type"],
    [{ type: 5 }, "unknown_type", "Unknown type"],
    [{ type: "toString" }, "unknown_type", "Unknown type"],
    [{}, "empty", "Message is empty"],
    [{ message: " \n\t" }, "empty", "Message is empty"],
    [{ message: "\u0000\u0007" }, "empty", "Message is empty"],
    [{ message: "12345678901" }, "too_long", "Message is too long"],
    [{ message: 5 }, "invalid_frame", '"message" must be text'],
    [
      { message: "x", client_id: "y".repeat(65) },
      "invalid_frame",
      '"client_id" must have at most 64 characters',
    ],
    [{ type: "history", limit: 0 }, "invalid_frame", '"limit" must be at least 1'],
  ];
  for (const [frame, code, error] of wrong) {
    ada.send(frame);
    const answer = await ada.next("error");
    assertEquals([answer.code, answer.error], [code, error]);
  }
  ada.sendBytes(new Uint8Array([1, 2, 3]));
  assertEquals((await ada.next("error")).code, "invalid_json");
  await ada.say("中文字算十個字元哈哈");
  await bo.next("chat_message");
  assertEquals(bo.all("error"), []);
});

Deno.test("ChatSocket counts characters as people do, emoji included", async () => {
  await using service = await startService({ maxMessageLength: 10 });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await ada.say("😀".repeat(10));
  ada.send({ message: "😀".repeat(11), client_id: "long" });
  const { code, client_id: clientId } = await ada.next("error");
  assertEquals([code, clientId], ["too_long", "long"]);
});

Deno.test("ChatSocket keeps text as text: markup, formulas, lines, and half characters made whole", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=<b>ada</b>");
  const texts = ["<script>alert(1)</script>", "=1+1", "a\nb", "\ud800", 'quote " and \\', "a\u2028b"];
  for (const text of texts) ada.send({ message: text });
  await ada.until(() => ada.all("chat_message").length === texts.length);
  const seen = ada.all("chat_message").map(({ message }) => message);
  assertEquals(seen, ["<script>alert(1)</script>", "=1+1", "a\nb", "\ufffd", 'quote " and \\', "a\u2028b"]);
  assertEquals(ada.all("chat_message")[0].username, "<b>ada</b>");
});

Deno.test("ChatSocket takes a resend with the same client id as the same message", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const first = await ada.say("once", "c1");
  const again = await ada.say("once", "c1");
  assertEquals([again.id, again.timestamp], [first.id, first.timestamp]);
  // Both at once, before the first is durable.
  ada.send({ type: "chat_message", message: "twice?", client_id: "c2" });
  ada.send({ type: "chat_message", message: "twice?", client_id: "c2" });
  const acks = [await ada.next("ack"), await ada.next("ack")];
  assertEquals(acks[0].id, acks[1].id);
  // After a reconnect, and by another user of the same room with the same counter.
  await using back = await Client.enter(service.url, "lobby", "?username=ada");
  assertEquals((await back.say("once", "c1")).id, first.id);
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  await bo.say("once", "c1");
  await ada.next("chat_message", ({ user }) => user === "bo");
  assertEquals(ada.all("chat_message").map(({ message }) => message), ["once", "twice?", "once"]);
});

Deno.test("ChatSocket takes equal client ids with other words as other messages, so that none is lost", async () => {
  await using service = await startService();
  await using one = await Client.enter(service.url, "lobby");
  await using two = await Client.enter(service.url, "lobby");
  const first = await one.say("from the first program", "1");
  const second = await two.say("from the second program", "1");
  assert(first.id !== second.id);
});

Deno.test("ChatSocket refuses messages over the rate, says when to go on, and cuts off who floods", async () => {
  await using service = await startService({ rateMessagesPerMinute: 5 });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  for (let i = 0; i < 6; i++) ada.send({ message: `m${i}`, client_id: `c${i}` });
  const error = await ada.next("error");
  assertEquals([error.code, error.client_id], ["rate_limited", "c5"]);
  assert(error.retry_after_ms > 0 && error.retry_after_ms <= 60_000);
  for (let i = 0; i < 60; i++) ada.send({ type: "typing" });
  assertEquals((await ada.closed).code, 4008);
});

Deno.test("ChatSocket closes with 1009 on a frame over 64 KiB, text or binary", async () => {
  await using service = await startService();
  const tooLarge = [`{"message":"${"x".repeat(70_000)}"}`, `{"message":"${"字".repeat(30_000)}"}`];
  for (const frame of tooLarge) {
    await using client = await Client.enter(service.url, "lobby");
    client.send(frame);
    assertEquals((await client.closed).code, 1009);
  }
  await using client = await Client.enter(service.url, "lobby");
  client.sendBytes(new Uint8Array(70_000));
  assertEquals((await client.closed).code, 1009);
});

Deno.test("ChatSocket lets an address have only so many connections", async () => {
  await using service = await startService({ maxConnectionsPerIp: 2 });
  const one = await Client.enter(service.url, "lobby");
  await using _two = await Client.enter(service.url, "lobby");
  const three = new Client(roomAddress(service.url, "lobby"));
  assertEquals((await three.closed).code, 4008);
  await one.close();
  await using _four = await Client.enter(service.url, "lobby");
});

Deno.test("ChatSocket refuses before the upgrade: bad room names, long nicknames, foreign pages, no upgrade", async () => {
  await using service = await startService({ allowedOrigins: ["https://partner.example"] });
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const ask = async (path: string, headers: Record<string, string> = upgrade): Promise<[number, string]> => {
    const response = await fetch(service.url + path, { headers });
    const { code } = await response.json();
    return [response.status, code];
  };
  for (const name of ["a b", "a.b", "%3Cb%3E", "a%2Fb", "x".repeat(65), "%F0%9F%98%80"]) {
    assertEquals(await ask(`/ws/chat/${name}/`), [400, "invalid_room"], name);
  }
  assertEquals(await ask(`/ws/chat/lobby/?username=${"x".repeat(65)}`), [400, "invalid_username"]);
  assertEquals(await ask("/ws/chat/lobby/", {}), [426, "upgrade_required"]);
  const foreign = { ...upgrade, origin: "https://evil.example" };
  assertEquals(await ask("/ws/chat/lobby/", foreign), [403, "origin_not_allowed"]);
  await using _own = new Client(roomAddress(service.url, "lobby"), { headers: { origin: service.url } });
  await _own.next("history");
  await using partner = new Client(roomAddress(service.url, "lobby"), {
    headers: { origin: "https://partner.example" },
  });
  await partner.next("history");
});

Deno.test("ChatSocket takes room names of any script, with or without the trailing slash, in one Unicode form", async () => {
  await using service = await startService();
  for (const room of ["聊天室", "IGRoom", "team-7", "хата", "غرفة", "คุย", "a_b"]) {
    await using client = await Client.enter(service.url, room);
    client.send({ message: "hi" });
    assertEquals((await client.next("chat_message")).room, room);
  }
  await using composed = await Client.enter(service.url, "caf\u00e9");
  await using decomposed = new Client(`${service.url.replace("http", "ws")}/ws/chat/cafe%CC%81`);
  await decomposed.next("history");
  await composed.say("one room");
  assertEquals((await decomposed.next("chat_message")).message, "one room");
});

Deno.test("ChatSocket closes with 4001 on a token that isn't valid", async () => {
  await using service = await startService();
  const client = new Client(`${roomAddress(service.url, "lobby")}?token=wrong`);
  assertEquals((await client.closed).code, 4001);
});

Deno.test("ChatSocket tells whoever takes batches in a last frame why it closes", async () => {
  await using service = await startService();
  const refused = new Client(`${roomAddress(service.url, "lobby")}?batch=1&token=wrong`);
  const { code, reason } = await refused.closed;
  assertEquals([code, refused.frames], [4001, [{ type: "closing", code, reason }]]);
  const member = await Client.enter(service.url, "lobby", "?batch=1");
  member.sendBytes(new Uint8Array(70_000));
  const end = await member.closed;
  assertEquals([end.code, member.frames.at(-1)], [1009, {
    type: "closing",
    code: 1009,
    reason: end.reason,
  }]);
});

Deno.test("ChatSocket acts upon frames that come before the room has let their sender in", async () => {
  await using service = await startService();
  await using hasty = new Client(roomAddress(service.url, "lobby"));
  hasty.opened = () => hasty.send({ message: "first thing" });
  assertEquals((await hasty.next("chat_message")).message, "first thing");
});

Deno.test("ChatSocket calls a guest by the name in its first message, who came without one", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await using guest = await Client.enter(service.url, "lobby");
  await ada.next("online_users", ({ users }) => users.includes("Anonymous"));
  guest.send({ message: "hi", username: "Edge" });
  assertEquals((await ada.next("chat_message")).user, "Edge");
  assertEquals((await ada.next("online_users")).users, ["ada", "Edge"]);
  // Who came with a name keeps it.
  ada.send({ message: "hi", username: "Edge" });
  assertEquals((await guest.next("chat_message", ({ user }) => user !== "Edge")).user, "ada");
});

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `m${from + i}`);
}

Deno.test("ChatSocket misses and doubles nothing for those who come back with ?after= while others talk", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const first = await ada.say("first");
  let isTalking = true;
  const talking = (async () => {
    for (let i = 0; isTalking; i++) await ada.say(`m${i}`);
  })();
  for (let round = 0; round < 60; round++) {
    await using back = new Client(`${roomAddress(service.url, "lobby")}?after=${first.id}&batch=1`);
    await back.until((frames) => frames.filter(({ type }) => type === "chat_message").length >= 5);
    const got = back.frames.flatMap((frame) =>
      frame.type === "history" ? frame.messages : frame.type === "chat_message" ? [frame] : []
    );
    const said = ada.all("chat_message").slice(1, got.length + 1);
    assertEquals(got.map(({ id }) => id).slice(0, said.length), said.map(({ id }) => id));
  }
  isTalking = false;
  await talking;
});

Deno.test("ChatSocket keeps nothing of frames that are too large or too many, also before it lets their sender in", async () => {
  await using service = await startService();
  const hasty = new Client(roomAddress(service.url, "lobby"));
  hasty.opened = () => hasty.send({ message: "x".repeat(100_000) });
  assertEquals((await hasty.closed).code, 1009);
});

Deno.test("ChatSocket takes a member that doesn't read for gone, and the others don't wait for it", async () => {
  await using service = await startService({ maxMessageLength: 50_000 });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const lazy = await Deno.connect({ port: Number(new URL(service.url).port), hostname: "127.0.0.1" });
  const upgrade = [
    "GET /ws/chat/lobby/?username=lazy HTTP/1.1",
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  await lazy.write(new TextEncoder().encode(upgrade.join("\r\n") + "\r\n\r\n"));
  await ada.next("online_users", ({ users }) => users.includes("lazy"));
  // More than the kernel takes for a reader that doesn't read, and than we keep for it.
  for (let i = 0; i < 200; i++) {
    ada.send({ message: "x".repeat(49_000) });
    // One after the other: on a busy machine its sender might fall behind, too.
    await ada.next("chat_message");
  }
  await ada.until((frames) => frames.some(({ type, user }) => type === "user_leave" && user === "lazy"));
  lazy.close();
});

Deno.test("ChatSocket answers requests for history one after the other, and refuses a flood of them", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby");
  await ada.say("hi");
  for (let i = 0; i < 50; i++) ada.send({ type: "history", limit: 200 });
  assertEquals((await ada.next("error")).code, "rate_limited");
  await ada.next("history");
});

Deno.test("ChatSocket refuses an upgrade that isn't one, and an ?after= that can't be an id, without a trace", async () => {
  await using service = await startService();
  const half = await fetch(`${service.url}/ws/chat/lobby/`, { headers: { upgrade: "websocket" } });
  assertEquals([half.status, (await half.json()).code], [400, "bad_upgrade"]);
  const long = await fetch(`${service.url}/ws/chat/lobby/?after=${"x".repeat(3000)}`, {
    headers: { upgrade: "websocket" },
  });
  assertEquals([long.status, (await long.json()).code], [400, "invalid_after"]);
  const { rooms } = await (await fetch(`${service.url}/healthz`)).json();
  assertEquals(rooms, 0);
});
