import { assertEquals } from "@std/assert";
import { member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { startService } from "../support/service.ts";

const PATHS = [
  "/ws/chat/lobby/",
  "/ws/notifications/",
  "/ws/tasks/",
  "/ws/dashboard/",
  "/ws/documents/notes/",
  "/ws/documents/notes/?batch=1",
];
for (const path of PATHS) {
  Deno.test(`${path} answers a ping`, async () => {
    await using service = await startService();
    const admin = await member(service.url, "ada", "admin");
    await using socket = new Client(service.url.replace("http", "ws") + path, {
      headers: { cookie: admin.cookie },
    });
    await new Promise<void>((resolve) => (socket.opened = resolve));
    for (const ping of [`{"type":"ping"}`, `{ "type": "ping", "sent": 1 }`]) {
      socket.send(ping);
      await socket.next("pong");
    }
    assertEquals(socket.all("pong"), [{ type: "pong" }, { type: "pong" }]);
    assertEquals(socket.all("error"), []);
  });
}

Deno.test("A ping costs no message, and no more than any other frame is let through", async () => {
  await using service = await startService({ rateMessagesPerMinute: 3 });
  await using guest = await Client.enter(service.url, "lobby", "?username=bo");
  for (let i = 0; i < 10; i++) guest.send({ type: "ping" });
  for (let i = 0; i < 3; i++) await guest.say(`m${i}`);
  assertEquals([guest.all("pong").length, guest.all("error").length], [10, 0]);
  for (let i = 0; i < 30; i++) guest.send({ type: "ping" });
  assertEquals((await guest.closed).code, 4008);
});

Deno.test("A ping is no word: a room isn't told of it, and its history has none", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using here = await ada.enter("lobby");
  await using other = await Client.enter(service.url, "lobby", "?username=bo");
  here.send({ type: "ping" });
  await here.next("pong");
  await here.say("hi");
  await other.next("chat_message");
  assertEquals(other.all("pong"), []);
});
