import { assert, assertEquals, assertMatch } from "@std/assert";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { Client, roomAddress } from "../support/client.ts";
import { startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

/** A browser that has opened a page. */
async function browser(origin: string): Promise<Visitor> {
  const visitor = new Visitor(origin);
  await visitor.ask("GET", "/chat/", undefined, { accept: "text/html" });
  return visitor;
}

Deno.test("A guest's badge is signed, out of a script's reach, and made once", async () => {
  await using service = await startService();
  const guest = new Visitor(service.url);
  const { headers } = await guest.ask("GET", "/chat/lobby/");
  assertMatch(headers.getSetCookie()[0], /^guest=[\w-]{22}\.[\w-]{43}; .*HttpOnly; SameSite=Lax$/);
  assertEquals((await guest.ask("GET", "/chat/lobby/")).headers.getSetCookie(), []);
  guest.cookies.set("guest", `${"A".repeat(22)}.${"A".repeat(43)}`);
  assertEquals((await guest.ask("GET", "/chat/lobby/")).headers.getSetCookie().length, 1);
});

Deno.test("A guest with a badge is the same user after a reload, and not the one who only uses the same name", async () => {
  await using service = await startService();
  const [bo, other] = [await browser(service.url), await browser(service.url)];
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const before = await bo.enter("lobby", "?username=bo");
  await ada.next("online_users", ({ users }) => users.includes("bo"));
  await before.close();
  await using _after = await bo.enter("lobby", "?username=bo");
  await using _other = await other.enter("lobby", "?username=bo");
  assertEquals((await ada.next("online_users", ({ count }) => count === 3)).users, ["ada", "bo", "bo 2"]);
  assertEquals(ada.all("user_leave"), []);
  // The client id of one's own message makes a resend harmless; another's of the same name is another message.
  await using first = await bo.enter("elsewhere", "?username=bo");
  await using second = await other.enter("elsewhere", "?username=bo");
  const [ack, again] = [await first.say("hi", "c1"), await second.say("hi", "c1")];
  assert(ack.id !== again.id);
});

Deno.test("A guest can't take the name of an account: not in the address, not in a message, however it is written", async () => {
  await using service = await startService();
  await backend(service.url).ask("POST", "/api/users", {
    username: "ada",
    password: PASSWORD,
    display_name: "Ada Lovelace",
  });
  for (const name of ["ada", "ＡＤＡ", "a\u200bda", "ada LOVELACE"]) {
    const { code, reason } = await new Client(
      `${roomAddress(service.url, "lobby")}?username=${encodeURIComponent(name)}`,
    ).closed;
    assertEquals([code, reason], [4003, "This name belongs to an account: sign in, or choose another one"]);
  }
  await using guest = await Client.enter(service.url, "lobby");
  guest.send({ type: "chat_message", message: "I am Ada", username: "ADA", client_id: "c1" });
  const { code, error, client_id: clientId } = await guest.next("error");
  assertEquals([code, clientId], ["name_taken", "c1"]);
  assertMatch(error, /belongs to an account/);
  // Any other name is free, and what was said meanwhile comes in order.
  for (let i = 0; i < 300; i++) guest.send({ message: `m${i}`, username: i % 2 ? "Edge" : "Opera" });
  await guest.next("chat_message", ({ message }) => message === "m299");
  const said = guest.all("chat_message");
  assertEquals(said.map(({ message }) => message), Array.from({ length: 300 }, (_, i) => `m${i}`));
  assertEquals(said.slice(0, 2).map(({ user }) => user), ["Opera", "Edge"]);
  assertEquals(said.filter(({ account }) => account), []);
});

Deno.test("A guest whose name becomes an account's has to leave", async () => {
  await using service = await startService();
  const named = await Client.enter(service.url, "lobby", "?username=Ada");
  const short = await Client.enter(service.url, "lobby");
  short.send({ message: "hi", username: "Ada" });
  await short.next("chat_message");
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  await member(service.url, "ADA");
  assertEquals([(await named.closed).code, (await short.closed).code], [4003, 4003]);
  await bo.say("still here");
});

Deno.test("An account speaks under its display name, marked as one, whatever its client says", async () => {
  await using service = await startService();
  await backend(service.url).ask("POST", "/api/users", {
    username: "ada",
    password: PASSWORD,
    display_name: "Ada Lovelace",
  });
  const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
  await using socket = await ada.enter("lobby", "?username=Eve");
  socket.send({ message: "hi", username: "Eve" });
  const { user, username, account } = await socket.next("chat_message");
  assertEquals([user, username, account], ["Ada Lovelace", "Ada Lovelace", true]);
  await using guest = await Client.enter(service.url, "lobby", "?username=bo");
  const { messages } = guest.all("history")[0];
  assertEquals([messages[0].username, messages[0].account], ["Ada Lovelace", true]);
  guest.send({ message: "hi", account: true });
  assertEquals((await guest.next("chat_message")).account, undefined);
});

Deno.test("With AUTH=required guests get 4001 and 401, and everyone else goes on", async () => {
  await using service = await startService({ auth: "required" });
  const { code, reason } = await new Client(`${roomAddress(service.url, "lobby")}?username=bo`).closed;
  assertEquals([code, reason], [4001, "Sign in first"]);
  const guest = new Visitor(service.url);
  assertEquals(await guest.outcome("GET", "/api/rooms/lobby/messages"), [401, "not_signed_in"]);
  assertEquals(await guest.outcome("GET", "/api/session"), [401, "not_signed_in"]);
  const ada = await member(service.url, "ada");
  await using socket = await ada.enter("lobby");
  await socket.say("hi");
  await using shop = await backend(service.url).enter("lobby", "?username=Shop");
  await shop.say("hi");
});
