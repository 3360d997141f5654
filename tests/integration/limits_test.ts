import { assert, assertEquals } from "@std/assert";
import { GuestIds } from "../../rooms/access/guest_id.ts";
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
  await using service = await startService({ signup: "open", signupsPerHour: 20 });
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

Deno.test("Guests of an address have a budget together, however often they connect anew and whatever they are called; accounts have their own", async () => {
  await using service = await startService({ rateMessagesPerMinute: 10 });
  const began = performance.now();
  let accepted = 0;
  for (let i = 0; i < 40; i++) {
    await using guest = await Client.enter(service.url, `room${i % 3}`, `?username=guest${i}`);
    for (let k = 0; k < 10; k++) {
      guest.send({ type: "chat_message", message: "spam", client_id: `${i}/${k}` });
    }
    await guest.until((frames) =>
      frames.filter(({ type }) => type === "ack" || type === "error").length === 10
    );
    accepted += guest.all("ack").length;
    for (const { code, retry_after_ms: wait } of guest.all("error")) {
      assertEquals(code, "rate_limited");
      assert(wait > 0);
    }
  }
  const refilled = (performance.now() - began) * 200 / 60_000;
  assert(accepted >= 40 && accepted <= 40 + refilled + 1, `${accepted} were accepted`);
  const ada = await member(service.url, "ada");
  await using room = await ada.enter("room0");
  await room.say("not my fault");
});

Deno.test("Long messages take more of an address's budget than short ones", async () => {
  await using service = await startService({ rateMessagesPerMinute: 10 });
  let accepted = 0;
  for (let i = 0; i < 10; i++) {
    await using guest = await Client.enter(service.url, "lobby", `?username=guest${i}`);
    guest.send({ type: "chat_message", message: "長".repeat(4_000), client_id: "c" });
    await guest.until((frames) => frames.some(({ type }) => type === "ack" || type === "error"));
    accepted += guest.all("ack").length;
  }
  assert(accepted >= 4 && accepted <= 6, `${accepted} were accepted`);
});

Deno.test("Large frames count as several, whatever is in them", async () => {
  await using service = await startService({ rateMessagesPerMinute: 10 });
  await using guest = await Client.enter(service.url, "lobby", "?username=bo");
  for (let i = 0; i < 20; i++) guest.send("[".repeat(60_000));
  const allRead = guest.until((frames) => frames.filter(({ type }) => type === "error").length === 20);
  const end = await Promise.race([
    guest.closed.then(({ code }) => code),
    allRead.then(() => "all were read"),
  ]);
  assertEquals(end, 4008);
});

Deno.test("A class of forty behind one address talks freely", async () => {
  await using service = await startService({ rateMessagesPerMinute: 100 });
  const pupils = await Promise.all(Array.from({ length: 40 }, (_, i) => {
    return Client.enter(service.url, "班級101", `?username=pupil${i}&batch=1`);
  }));
  await Promise.all(pupils.map(async (pupil) => {
    for (let i = 0; i < 9; i++) await pupil.say(`answer ${i}`);
    await pupil.close();
  }));
});

Deno.test("New connections of an address are limited, in rooms and elsewhere, and the limit says that it is one", async () => {
  await using service = await startService({ maxConnectionsPerIp: 5 });
  const reasons = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const socket = new Client(`${service.url.replace("http", "ws")}/ws/chat/lobby/`);
    socket.opened = () => socket.send({ type: "nothing" });
    await socket.until((frames) => frames.length > 0).catch(() => {});
    const { code, reason } = await socket.close();
    if (code === 4008) reasons.add(reason);
  }
  assertEquals([...reasons], ["Too many new connections from this address"]);
});

Deno.test("Wrong passwords make nobody else of the address wait, nor a browser that has signed in under the name", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await member(service.url, "bo");
  const signIn = async (who: Visitor, username: string, password: string): Promise<number> =>
    (await who.ask("POST", "/api/session", { username, password })).status;
  const own = { "sec-fetch-site": "same-origin" };
  await ada.ask("POST", "/api/session", { username: "ada", password: PASSWORD }, own);
  const guesses = Array.from(
    { length: 8 },
    () => signIn(new Visitor(service.url), "ada", "not her password"),
  );
  // The six that are tried take long, the others are told to wait at once.
  await Promise.any(guesses.map(async (guess) => assertEquals(await guess, 429)));
  const others = [signIn(new Visitor(service.url), "bo", PASSWORD), signIn(ada, "ada", PASSWORD)];
  assertEquals(await Promise.all(others), [200, 200]);
  assertEquals((await Promise.all(guesses)).toSorted(), [401, 401, 401, 401, 401, 401, 429, 429]);
});

Deno.test("GuestIds.vouchedFor() takes a proof for its name alone, and none that wasn't made here", async () => {
  using kv = await Deno.openKv(":memory:");
  const guestIds = await GuestIds.open(kv);
  const proof = guestIds.vouch("ada");
  assertEquals(proof.startsWith(`${guestIds.vouchedFor("ada", proof)}.`), true);
  const others = [
    guestIds.vouchedFor("bo", proof),
    guestIds.vouchedFor("ada", guestIds.issue()),
    guestIds.idOf(proof),
  ];
  assertEquals(others, [undefined, undefined, undefined]);
});

Deno.test("An address behind a proxy is one whatever port it comes from, and an IPv6 one counts by its /64", async () => {
  await using service = await startService({ signup: "open", signupsPerHour: 2, trustProxy: 1 });
  const statuses: number[] = [];
  for (const address of ["[2001:db8::1]:4000", "2001:db8::2", "[2001:db8::3]:4001", "2001:db8:0:1::1"]) {
    const guest = new Visitor(service.url, { "x-forwarded-for": address });
    const made = await guest.ask("POST", "/api/users", {
      username: `eve${statuses.length}`,
      password: PASSWORD,
    });
    statuses.push(made.status);
    if (made.status === 429) assertEquals(made.body.code, "too_many_signups");
  }
  assertEquals(statuses, [201, 201, 429, 201]);
});
