import { assert, assertEquals } from "@std/assert";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

Deno.test("Messages a minute are limited per account, over all its connections and new ones too", async () => {
  await using service = await startService({ rateMessagesPerMinute: 5 });
  const ada = await member(service.url, "ada");
  await using phone = await ada.enter("lobby");
  const desk = await ada.enter("elsewhere");
  for (let i = 0; i < 5; i++) await (i % 2 ? phone : desk).say(`m${i}`);
  await desk.close();
  await using again = await ada.enter("elsewhere");
  for (const socket of [phone, again]) {
    socket.send({ type: "chat_message", message: "too much", client_id: "c" });
    const { code, client_id: clientId, retry_after_ms: retryAfterMs } = await socket.next("error");
    assertEquals([code, clientId], ["rate_limited", "c"]);
    assert(retryAfterMs > 0 && retryAfterMs <= 60_000);
  }
  const bo = await member(service.url, "bo");
  await using other = await bo.enter("lobby");
  await other.say("not my fault");
});

Deno.test("A guest's messages are limited per browser, where it has a badge", async () => {
  await using service = await startService({ rateMessagesPerMinute: 3 });
  const bo = new Visitor(service.url);
  await bo.ask("GET", "/chat/");
  await using first = await bo.enter("lobby", "?username=bo");
  await using second = await bo.enter("lobby", "?username=another");
  for (let i = 0; i < 3; i++) await first.say(`m${i}`);
  second.send({ message: "too much" });
  assertEquals((await second.next("error")).code, "rate_limited");
  await using plain = await Client.enter(service.url, "lobby", "?username=bo");
  await plain.say("not my fault");
});

Deno.test("Connections are limited per account and per guest's browser, and count again when they close", async () => {
  await using service = await startService({ maxConnectionsPerUser: 2 });
  const ada = await member(service.url, "ada");
  const guest = new Visitor(service.url);
  await guest.ask("GET", "/chat/");
  for (const visitor of [ada, guest]) {
    const first = await visitor.enter("lobby");
    await using _second = await visitor.enter("elsewhere");
    const { code, reason } = await visitor.socket("lobby").closed;
    assertEquals([code, reason], [4008, "Too many connections of this user"]);
    await first.close();
    await using _third = await visitor.enter("lobby");
  }
  await using _plain = await Client.enter(service.url, "lobby");
});

Deno.test("API calls are limited per address, or per account, with 429 and when to come back; the service's aren't", async () => {
  await using service = await startService({ rateMessagesPerMinute: 2 });
  const ada = await member(service.url, "ada");
  const flood = async (visitor: Visitor): Promise<number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push((await visitor.ask("GET", "/api/session")).status);
    return statuses;
  };
  const guest = await flood(new Visitor(service.url));
  assertEquals(guest.at(-1), 429);
  assert(guest.filter((status) => status === 200).length <= 20);
  const { status, headers, body } = await new Visitor(service.url).ask("GET", "/api/session");
  assertEquals([status, body.code], [429, "rate_limited"]);
  assert(Number(headers.get("retry-after")) >= 1 && body.retry_after_ms > 0);
  // Whoever is signed in isn't slowed down by others at the same address.
  assertEquals((await ada.ask("GET", "/api/session")).status, 200);
  assertEquals((await flood(ada)).at(-1), 429);
  assertEquals((await flood(backend(service.url))).at(-1), 200);
});

Deno.test("Accounts that an address may make are limited where sign-up is open", async () => {
  await using service = await startService({ signup: "open" });
  const guest = new Visitor(service.url);
  for (let i = 0; i < 20; i++) {
    const { status } = await guest.ask("POST", "/api/users", { username: `eve${i}`, password: "short" });
    assertEquals(status, 400);
  }
  const eve = { username: "eve", password: PASSWORD };
  const { status, headers } = await guest.ask("POST", "/api/users", eve);
  assertEquals(status, 429);
  assert(Number(headers.get("retry-after")) > 60);
  assertEquals((await backend(service.url).ask("POST", "/api/users", eve)).status, 201);
});
