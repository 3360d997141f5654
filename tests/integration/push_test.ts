import { assert, assertEquals } from "@std/assert";
import { isPushEndpoint } from "../../rooms/notifications/push/push_endpoint.ts";
import type { Config } from "../../routes/config.ts";
import { FakePushService } from "../fakes/push_service.ts";
import { member, PASSWORD } from "../support/cast.ts";
import { Client, roomAddress } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { startService, temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

function config({ origin }: FakePushService): Partial<Config> {
  return { pushSubject: "mailto:ops@example.com", pushOrigins: [origin], pushAfterMs: 100 };
}

/** Enters a room as an account, and leaves it when it is one of the account's own. */
async function enter(url: string, visitor: Visitor, room: string): Promise<void> {
  await using client = new Client(`${roomAddress(url, room)}?events=1`, {
    headers: { cookie: visitor.cookie },
  });
  await client.next("history");
  while (
    !(await visitor.ask("GET", "/api/me/rooms")).body.rooms.some(({ name }: { name: string }) =>
      name === room
    )
  );
}

async function say(url: string, room: string, message: string): Promise<string> {
  const backend = new Visitor(url, { authorization: `Bearer ${TOKEN}` });
  return (await backend.ask("POST", `/api/rooms/${room}/messages`, { message, username: "Ops" })).body.id;
}

Deno.test("A push goes to every browser of an account that watches a room, says what is unread, and leads to the message", async () => {
  await using pushes = new FakePushService();
  await using service = await startService(config(pushes));
  const ada = await member(service.url, "ada");
  const { body: { key } } = await ada.ask("GET", "/api/push/key");
  assert(/^[\w-]{87}$/.test(key), key);
  await enter(service.url, ada, "desk");
  await enter(service.url, ada, "team");
  await ada.ask("PUT", "/api/rooms/desk/watch", { level: "all" });
  for (const browser of ["phone", "laptop"]) {
    assertEquals(await ada.outcome("POST", "/api/push/subscriptions", pushes.subscribe(browser)), [201]);
  }
  await say(service.url, "team", "nobody is meant");
  const first = await say(service.url, "desk", "hello");
  await pushes.until(() => pushes.received.length === 2);
  assertEquals(new Set(pushes.received.map(({ browser }) => browser)), new Set(["phone", "laptop"]));
  const [{ payload, topic, ttl, claims }] = pushes.received;
  assertEquals(payload, {
    id: first,
    title: "desk",
    body: "Ops: hello",
    url: `/chat/desk/?message=${first}`,
    room: "desk",
    unread: 1,
  });
  assertEquals([ttl, claims.aud, claims.sub], ["86400", pushes.origin, "mailto:ops@example.com"]);
  // What is read by then needs no push.
  await using room = new Client(`${roomAddress(service.url, "desk")}?events=1`, {
    headers: { cookie: ada.cookie },
  });
  await room.next("history");
  room.send({ type: "read", id: await say(service.url, "desk", "seen at once") });
  const mention = await say(service.url, "team", "@ada this is for you");
  await pushes.until(() => pushes.received.length === 4);
  const [third, fourth] = pushes.received.slice(2);
  assertEquals([third, fourth].map(({ payload }) => [payload.id, payload.unread]), [[mention, 2], [
    mention,
    2,
  ]]);
  assert(third.topic !== topic && third.topic === fourth.topic && third.topic.length === 32);
});

Deno.test("Pushes quote no private room unless asked to, go to nobody who signed out, and survive a restart", async () => {
  await using pushes = new FakePushService();
  await using directory = await temporaryDirectory();
  {
    await using service = await startService({ ...config(pushes), pushAfterMs: 60_000 }, directory.path);
    const ada = await member(service.url, "ada");
    await ada.ask("POST", "/api/rooms", { room: "own", private: true });
    await enter(service.url, ada, "own");
    await ada.ask("PATCH", "/api/me/settings", { level: "all" });
    await ada.ask("POST", "/api/push/subscriptions", pushes.subscribe("phone"));
    const other = await Visitor.signedIn(service.url, "ada", PASSWORD);
    await other.ask("POST", "/api/push/subscriptions", pushes.subscribe("library"));
    await other.ask("DELETE", "/api/session");
    await say(service.url, "own", "secret");
  }
  await using service = await startService(config(pushes), directory.path);
  await pushes.until(() => pushes.received.length === 1);
  assertEquals(pushes.received.map(({ browser, payload }) => [browser, payload.body]), [["phone", ""]]);
  const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
  await ada.ask("PATCH", "/api/me/settings", { previews: true });
  await say(service.url, "own", "not so secret");
  await pushes.until(() => pushes.received.length === 2);
  assertEquals(pushes.received[1].payload.body, "Ops: not so secret");
  assertEquals(pushes.received[1].payload.unread, 2);
});

Deno.test("Pushes survive kill -9 before they are made, while the push service has them, and right after it took them", async () => {
  await using pushes = new FakePushService();
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    FILES_PATH: `${directory.path}/files`,
    SERVICE_TOKEN: TOKEN,
    PUSH_SUBJECT: "mailto:ops@example.com",
    PUSH_ORIGINS: pushes.origin,
  };
  /** Everything that was said counts as said five seconds ago. */
  const age = async (): Promise<void> => {
    using kv = await Deno.openKv(env.KV_PATH);
    for await (const { key, value } of kv.list<{ at: number }>({ prefix: ["push_job"] })) {
      await kv.set(key, { ...value, at: 0 });
    }
  };
  const ids: string[] = [];
  {
    await using service = await startProcess(env);
    const ada = await member(service.url, "ada");
    await enter(service.url, ada, "desk");
    await ada.ask("PATCH", "/api/me/settings", { level: "all" });
    await ada.ask("POST", "/api/push/subscriptions", pushes.subscribe("phone"));
    ids.push(await say(service.url, "desk", "one"));
    await service.kill();
  }
  await age();
  const release = pushes.hold();
  {
    await using service = await startProcess(env);
    await pushes.until(() => pushes.requests === 1);
    await service.kill();
  }
  {
    await using service = await startProcess(env);
    await pushes.until(() => pushes.requests === 2);
    ids.push(await say(service.url, "desk", "two"));
    release();
    await pushes.until(() => pushes.received.length >= 2);
    await service.kill();
  }
  await age();
  await using _service = await startProcess(env);
  await pushes.until(() => pushes.received.at(-1)?.payload.id === ids[1]);
  const received = pushes.received.map(({ payload }) => [payload.id, payload.body, payload.unread]);
  // The first one was in the hands of the push service twice: nothing else came twice.
  const one = [ids[0], "Ops: one", 1];
  assertEquals(received.filter(([id]) => id === ids[0]).slice(0, 2), [one, one]);
  assertEquals(received.filter(([id]) => id === ids[1]), [[ids[1], "Ops: two", 2]]);
  assert(received.length <= 4, `${received.length}`);
  assertEquals(new Set(pushes.received.map(({ topic }) => topic)).size, 1);
});

Deno.test("Pushes go to known push services only, and are for browsers that are signed in", async () => {
  await using service = await startService({
    pushSubject: "mailto:ops@example.com",
    pushOrigins: ["https://push.example"],
  });
  const ada = await member(service.url, "ada");
  await using pushes = new FakePushService();
  const { keys } = pushes.subscribe("phone");
  const path = "/api/push/subscriptions";
  const refused = [
    "http://fcm.googleapis.com/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://fcm.googleapis.com:8443/x",
    "https://user@fcm.googleapis.com/x",
    "https://127.0.0.1/x",
    "https://push.example.evil/x",
    "file:///etc/passwd",
    "nonsense",
    "",
    "//fcm.googleapis.com/x",
    "javascript:alert(1)",
    "https://fcm.googleapis.com:80/x",
    "https://fcm.googleapis.com:0443.evil.example/x",
    "https://fcm.googleapis.com@127.0.0.1/x",
    "https://127.0.0.1\\@fcm.googleapis.com/x",
    "https://evil.example/https://fcm.googleapis.com/x",
    "https://evil.example#fcm.googleapis.com",
    "https://evil.example?.push.apple.com",
    "https://evilfcm.googleapis.com/x",
    "https://evilpush.apple.com/x",
    "https://notify.windows.com.evil.example/x",
    "https://fcm.googleapis.com./x",
    "https://fcm.google\u0430pis.com/x",
    "https://localhost/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://[::1]/x",
    "https://[::ffff:169.254.169.254]/latest/meta-data",
    "https://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal/x",
    "http://push.example/x",
    "https://push.example:444/x",
    "https://user:secret@push.example/x",
    `https://fcm.googleapis.com/${"x".repeat(1_000)}`,
  ];
  for (const endpoint of refused) {
    assertEquals(await ada.outcome("POST", path, { endpoint, keys }), [400, "unknown_push_service"]);
  }
  const taken = [
    "https://fcm.googleapis.com/fcm/send/x",
    "https://updates.push.services.mozilla.com/wpush/v2/x",
    "https://web.push.apple.com/x",
    "HTTPS://FCM.googleapis.com:443/x",
    "https://wns2-bl2p.notify.windows.com/w/?token=x",
    "https://push.example/x",
  ];
  assertEquals(
    taken.map((endpoint) => isPushEndpoint(endpoint, ["https://push.example"])),
    taken.map(() => true),
  );
  const [endpoint] = taken;
  assertEquals((await ada.ask("POST", path, { endpoint, keys: { ...keys, auth: "" } })).status, 400);
  // What is no point of the curve would end the service when it is to be encrypted for.
  const wrong = [
    "",
    "B".repeat(87),
    `B${"A".repeat(86)}`,
    keys.p256dh.slice(1),
    `${keys.p256dh.slice(0, -2)}AA`,
  ];
  for (const p256dh of wrong) {
    const { status, body } = await ada.ask("POST", path, { endpoint, keys: { ...keys, p256dh } });
    assertEquals([status, body.error], [
      400,
      '"p256dh" must be the public key that PushSubscription.toJSON() gives',
    ]);
  }
  assertEquals(await new Visitor(service.url).outcome("POST", path, { endpoint, keys }), [
    401,
    "not_signed_in",
  ]);
  const { body: { token } } = await ada.ask("POST", "/api/tokens", { name: "bot" });
  const bot = new Visitor(service.url, { authorization: `Bearer ${token}` });
  assertEquals(await bot.outcome("POST", path, { endpoint, keys }), [403, "not_allowed"]);
  await using without = await startService();
  const bo = await member(without.url, "bo");
  assertEquals((await bo.ask("GET", "/api/push/key")).body, { key: null });
  assertEquals(await bo.outcome("POST", path, { endpoint, keys }), [404, "no_pushes"]);
});
