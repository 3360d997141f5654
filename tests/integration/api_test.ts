import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { send } from "../../routes/commands/send.ts";
import { Client } from "../support/client.ts";
import { startService, TOKEN } from "../support/service.ts";

const bearer = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

Deno.test("POST messages says something in a room, and answers when it is durable", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "聊天室", "?username=ada");
  const address = `${service.url}/api/rooms/${encodeURIComponent("聊天室")}/messages`;
  const body = JSON.stringify({ message: "訂單 42 已出貨", username: "商店" });
  const response = await fetch(address, { method: "POST", headers: bearer, body });
  const message = await response.json();
  assertEquals([response.status, message.message, message.username], [201, "訂單 42 已出貨", "商店"]);
  const { type: _, ...frame } = await ada.next("chat_message");
  assertEquals(frame, message);
});

Deno.test("POST messages refuses whoever has no token, and what can't be a message, and says why", async () => {
  await using service = await startService({ maxMessageLength: 10 });
  const post = async (
    room: string,
    body: string,
    headers: HeadersInit = bearer,
  ): Promise<[number, string]> => {
    const address = `${service.url}/api/rooms/${encodeURIComponent(room)}/messages`;
    const response = await fetch(address, { method: "POST", headers, body });
    const { error, code } = await response.json();
    assert(error.length > 5);
    return [response.status, code];
  };
  const good = `{"message":"hi"}`;
  assertEquals(await post("lobby", good, {}), [401, "not_signed_in"]);
  assertEquals(await post("lobby", good, { authorization: "Bearer wrong" }), [401, "not_signed_in"]);
  assertEquals(await post("a b", good), [400, "invalid_room"]);
  assertEquals(await post("lobby", "{"), [400, "invalid_json"]);
  assertEquals(await post("lobby", "[]"), [400, "invalid_request"]);
  assertEquals(await post("lobby", `{"message":5}`), [400, "invalid_request"]);
  assertEquals(await post("lobby", `{"message":" "}`), [400, "empty"]);
  assertEquals(await post("lobby", `{"message":"12345678901"}`), [413, "too_long"]);
  assertEquals(await post("lobby", `{"message":"${"x".repeat(70_000)}"}`), [413, "too_large"]);
  assertEquals(await post("lobby", `{"message":"x","username":"${"x".repeat(65)}"}`), [
    400,
    "invalid_request",
  ]);
});

Deno.test("GET messages reads the history page by page", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  for (let i = 0; i < 5; i++) await ada.say(`m${i}`);
  const get = async (
    query: string,
  ): Promise<[number, { messages: { id: string; message: string }[]; more: boolean }]> => {
    const response = await fetch(`${service.url}/api/rooms/lobby/messages${query}`);
    return [response.status, await response.json()];
  };
  const [, first] = await get("?limit=2");
  assertEquals([first.messages.map(({ message }) => message), first.more], [["m3", "m4"], true]);
  const [, rest] = await get(`?before=${first.messages[0].id}`);
  assertEquals([rest.messages.map(({ message }) => message), rest.more], [["m0", "m1", "m2"], false]);
  for (const query of ["?limit=0", "?limit=x", `?before=${"x".repeat(27)}`]) {
    assertEquals((await get(query))[0], 400);
  }
  const [status] = await get("?token=wrong");
  assertEquals(status, 401);
});

Deno.test("send says something in a room of the running service, or says why it can't", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const run = (
    args: string[],
    url = service.url,
    serviceToken: string | undefined = TOKEN,
  ): Promise<number> => send(args, { url, serviceToken, print: say, complain: say });
  assertEquals(await run(["lobby", "hello", "all", "--as", "Bot"]), 0);
  const { user, message, id } = await ada.next("chat_message");
  assertEquals([user, message, lines.pop()], ["Bot", "hello all", `Sent as ${id}`]);
  assertEquals(await run(["lobby"]), 2);
  assertStringIncludes(lines.pop() ?? "", "Usage: ");
  assertEquals(await run(["a room", "hi"]), 2);
  assertStringIncludes(lines.pop() ?? "", "1 to 64");
  assertEquals(await run(["lobby", "hi"], service.url, "another-token-entirely"), 1);
  assertStringIncludes(lines.pop() ?? "", "is SERVICE_TOKEN the one that the service was started with?");
  assertEquals(await run(["lobby", "hi"], "http://127.0.0.1:9"), 1);
  assertStringIncludes(lines.pop() ?? "", "No answer from http://127.0.0.1:9");
});

Deno.test("GET /healthz tells how the log is doing", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const { id } = await ada.say("hi");
  await ada.next("recorded", ({ ids }) => ids.includes(id));
  const response = await fetch(`${service.url}/healthz`);
  const { status, outbox, rooms, connections } = await response.json();
  assertEquals([response.status, status, rooms, connections], [200, "ok", 1, 1]);
  assertEquals(outbox, { depth: 0, oldest_pending_seconds: 0 });
});

Deno.test("GET /healthz turns degraded with the reason while rows can't be written, and the chat goes on", async () => {
  await using service = await startService({ logCsvPath: "/proc/not/writable.csv" });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await ada.say("hi");
  const health = async (): Promise<{ status: string; reason?: string; outbox: { depth: number } }> =>
    await (await fetch(`${service.url}/healthz`)).json();
  let answer = await health();
  while (answer.status === "ok") answer = await health();
  assertEquals([answer.status, answer.outbox.depth], ["degraded", 1]);
  assertStringIncludes(answer.reason ?? "", "/proc/not");
  await ada.say("still here");
});

Deno.test("Unknown addresses get 404 in JSON", async () => {
  await using service = await startService();
  const response = await fetch(`${service.url}/api/nothing`);
  assertEquals([response.status, (await response.json()).code], [404, "not_found"]);
});

Deno.test("A full outbox refuses new messages with backpressure, and takes them again when there is room", async () => {
  await using service = await startService({ outboxLimit: 3, logCsvPath: "/proc/not/writable.csv" });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  for (let i = 0; i < 3; i++) await ada.say(`m${i}`);
  ada.send({ type: "chat_message", message: "too much", client_id: "c" });
  const { code, error, client_id: clientId } = await ada.next("error");
  assertEquals([code, error, clientId], ["backpressure", "Log is full", "c"]);
});
