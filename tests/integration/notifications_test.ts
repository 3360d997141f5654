import { assert, assertEquals, assertMatch } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { counted, inboxAddress, inboxOf, notify, openInbox, unreadOf } from "../support/inbox.ts";
import { Nonsense } from "../support/nonsense.ts";
import { seeded } from "../support/random.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { type Answer, Visitor } from "../support/visitor.ts";

Deno.test("Notifications speak exactly the frames of protocol.md", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using client = await openInbox(service.url, ada);
  const { status, body } = await backend(service.url).ask("POST", "/api/notifications", {
    user: "ada",
    title: "Order 42",
    message: "It is on its way",
    url: "/chat/lobby/",
  });
  assertEquals(status, 201);
  await counted(client, 1);
  const { id, timestamp } = body;
  assertMatch(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  assertMatch(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const shown = { id, title: "Order 42", message: "It is on its way", url: "/chat/lobby/", timestamp };
  assertEquals(body, { user: "ada", ...shown, read: false });
  client.send({ type: "mark_read", notification_id: id });
  await counted(client, 0);
  await notify(service.url, "ADA", "one");
  await notify(service.url, "ada", "two");
  await counted(client, 2);
  client.send({ type: "mark_all_read" });
  await counted(client, 0);
  assertEquals(client.frames.slice(0, 4), [
    { type: "unread_count", count: 0 },
    { type: "notification", ...shown },
    { type: "unread_count", count: 1 },
    { type: "unread_count", count: 0 },
  ]);
  assertEquals(
    new Set(client.frames.flatMap((frame) => Object.keys(frame).join())),
    new Set([
      "type,count",
      "type,id,title,message,url,timestamp",
    ]),
  );
  assertEquals(client.all("notification").slice(1).map(({ message, url }) => [message, url]), [["one", ""], [
    "two",
    "",
  ]]);
  // On connect there is the count, and nothing that came before.
  await notify(service.url, "ada", "three");
  await using late = await openInbox(service.url, ada);
  assertEquals(late.frames, [{ type: "unread_count", count: 1 }]);
});

Deno.test("Notifications close with 4001 for who isn't signed in, also without guests, and with 4003 for the service", async () => {
  for (const auth of ["guests", "required"] as const) {
    await using service = await startService({ auth });
    for (const query of ["", "?token=wrong", "?username=ada"]) {
      assertEquals((await new Client(inboxAddress(service.url, query)).closed).code, 4001);
    }
    const headers = { authorization: "Bearer a-token-for-tests-only" };
    assertEquals((await new Client(inboxAddress(service.url), { headers }).closed).code, 4003);
  }
});

Deno.test("Notifications close with 4001 when their session ends, and come by a token as well", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const { body: { token } } = await ada.ask("POST", "/api/tokens", { name: "phone" });
  const client = await openInbox(service.url, ada);
  await using byToken = new Client(inboxAddress(service.url, `?token=${token}`).replace("/?", "?"));
  await byToken.next("unread_count");
  await ada.ask("DELETE", "/api/session");
  assertEquals((await client.closed).code, 4001);
  await notify(service.url, "ada", "still");
  assertEquals((await byToken.next("notification")).message, "still");
});

Deno.test("Notifications can't be opened by another origin's page", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const { status, body } = await ada.ask("GET", "/ws/notifications/", undefined, {
    upgrade: "websocket",
    origin: "https://evil.example",
  });
  assertEquals([status, body.code], [403, "origin_not_allowed"]);
  assertEquals((await ada.outcome("GET", "/ws/notifications/"))[0], 426);
});

Deno.test("Notifications answer whatever is sent with an error, and go on", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const bo = await member(service.url, "bo");
  await using hers = await openInbox(service.url, ada);
  await using his = await openInbox(service.url, bo);
  const { id } = await notify(service.url, "ada", "mine");
  await notify(service.url, "bo", "his");
  await Promise.all([hers, his].map((client) => counted(client, 1)));
  his.send({ type: "mark_all_read" });
  await counted(his, 0);
  const nonsense = new Nonsense(seeded(3));
  const frames = Array.from({ length: 300 }, () => nonsense.frame()).filter(({ length }) => length < 1_000);
  for (const frame of frames) {
    if (typeof frame === "string") his.send(frame);
    else his.sendBytes(frame);
  }
  // Another one's, and one that nobody has.
  his.send({ type: "mark_read", notification_id: id });
  his.send({ type: "mark_read", notification_id: "01J00000000000000000000000" });
  await his.until(() => his.all("error").length === frames.length);
  await notify(service.url, "bo", "his again");
  await counted(his, 1);
  assertEquals(his.all("error").length, frames.length);
  assertEquals(new Set(his.all("error").map(({ code }) => code)), new Set(["invalid_json", "unknown_type"]));
  assertEquals(unreadOf(hers), 1);
  hers.send("x".repeat(5_000));
  assertEquals((await hers.closed).code, 1009);
});

Deno.test("POST notifications is for the service and admins, GET for oneself: 401, 403, 404, 400", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const root = await member(service.url, "root", "admin");
  const guest = new Visitor(service.url);
  const wrong = new Visitor(service.url, { authorization: "Bearer wrong" });
  const post = { user: "ada", title: "t", message: "m" };
  const path = "/api/notifications";
  assertEquals(await guest.outcome("POST", path, post), [401, "not_signed_in"]);
  assertEquals(await wrong.outcome("POST", path, post), [401, "not_signed_in"]);
  assertEquals(await ada.outcome("POST", path, post), [403, "not_allowed"]);
  assertEquals(await root.outcome("POST", path, post), [201]);
  assertEquals(await guest.outcome("GET", path), [401, "not_signed_in"]);
  assertEquals(await wrong.outcome("GET", path), [401, "not_signed_in"]);
  assertEquals(await backend(service.url).outcome("GET", path), [403, "not_allowed"]);
  assertEquals([(await ada.ask("GET", path)).status, (await root.ask("GET", path)).body.notifications], [
    200,
    [],
  ]);
  const { status, body } = await root.ask("POST", path, { ...post, user: "nobody" });
  assertEquals([status, body], [404, { error: "There is no account called nobody", code: "not_found" }]);
  // A page of another origin can't notify with an admin's cookie.
  const forged = await root.ask("POST", path, post, { origin: "https://evil.example" });
  assertEquals([forged.status, forged.body.code], [403, "origin_not_allowed"]);
  for (
    const fields of [
      { user: 7 },
      { user: "x".repeat(2_000) },
      { title: "" },
      { title: " \u0007 " },
      { title: "x".repeat(201) },
      { message: undefined },
      { message: "x".repeat(2_001) },
      { message: ["m"] },
      { url: "javascript:alert(1)" },
      { url: "//evil.example/" },
      { url: 7 },
    ]
  ) {
    assertEquals(await root.outcome("POST", path, { ...post, ...fields }), [400, "invalid_request"]);
  }
  assertEquals(await root.outcome("POST", path, { ...post, message: "x".repeat(70_000) }), [
    413,
    "too_large",
  ]);
  assertEquals(await root.outcome("POST", path, []), [400, "invalid_request"]);
  for (const query of ["?unread=2", "?limit=0", "?limit=x", `?before=${"1".repeat(27)}`]) {
    assertEquals(await ada.outcome("GET", path + query), [400, "invalid_request"]);
  }
  assertEquals((await ada.ask("GET", path)).body.notifications.length, 1);
});

Deno.test("POST notifications lets no backend that runs wild fill an inbox", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await member(service.url, "bo");
  const accepted: string[] = [];
  const refused: Answer[] = [];
  const post = { user: "ada", title: "t", message: "m" };
  while (!refused.length) {
    const some = await Promise.all(
      Array.from({ length: 20 }, () => backend(service.url).ask("POST", "/api/notifications", post)),
    );
    for (const answer of some) {
      if (answer.status === 201) accepted.push(answer.body.id);
      else refused.push(answer);
    }
  }
  const [{ status, headers, body }] = refused;
  assertEquals([status, body.code], [429, "rate_limited"]);
  assert(Number(headers.get("retry-after")) >= 1);
  assert(accepted.length >= 600, `${accepted.length} were accepted`);
  assertEquals((await ada.ask("GET", "/api/notifications")).body.unread, Math.min(accepted.length, 1_000));
  await notify(service.url, "bo", "he isn't concerned");
});

Deno.test("GET notifications pages from the newest on, all or the unread ones", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.push((await notify(service.url, "ada", `m${i}`)).id);
  await using client = await openInbox(service.url, ada);
  for (const i of [1, 5]) client.send({ type: "mark_read", notification_id: ids[i] });
  await counted(client, 5);
  assertEquals(await inboxOf(ada), ["m6", "m5", "m4", "m3", "m2", "m1", "m0"]);
  assertEquals(await inboxOf(ada, "?unread=1"), ["m6", "m4", "m3", "m2", "m0"]);
  assertEquals(await inboxOf(ada, "?limit=2"), ["m6", "m5"]);
  assertEquals(await inboxOf(ada, `?limit=3&before=${ids[5]}`), ["m4", "m3", "m2"]);
  assertEquals(await inboxOf(ada, `?unread=1&limit=2&before=${ids[6]}`), ["m4", "m3"]);
  const page = async (query: string) => (await ada.ask("GET", `/api/notifications${query}`)).body;
  assertEquals((await page(`?limit=1&before=${ids[1]}`)).more, false);
  assertEquals((await page("?limit=6")).more, true);
  assertEquals((await page("?unread=1&limit=5")).more, false);
  assertEquals((await page("")).unread, 5);
  assertEquals((await page("")).notifications.map(({ read }: { read: boolean }) => read), [
    false,
    true,
    false,
    false,
    false,
    true,
    false,
  ]);
  // Nobody's id leads to nothing.
  assertEquals(await inboxOf(ada, "?before=01J00000000000000000000000"), []);
});

Deno.test("The unread count is right after a hundred reads and arrivals at once, over two services and four tabs", async () => {
  await using directory = await temporaryDirectory();
  await using here = await startService({ fanOut: "broadcast" }, directory.path);
  await using there = await startService({ fanOut: "broadcast" }, directory.path);
  const ada = await member(here.url, "ada");
  const tabs = await Promise.all([here, there, here, there].map(({ url }) => openInbox(url, ada)));
  const before = await Promise.all(
    Array.from({ length: 50 }, (_, i) => notify([here, there][i % 2].url, "ada", `before ${i}`)),
  );
  for (const tab of tabs) await counted(tab, 50);
  const arriving = Array.from(
    { length: 50 },
    (_, i) => notify([there, here][i % 2].url, "ada", `after ${i}`),
  );
  // Each is read twice, in two tabs.
  for (const [i, { id }] of before.entries()) {
    for (const tab of [tabs[i % 4], tabs[(i + 1) % 4]]) tab.send({ type: "mark_read", notification_id: id });
  }
  const after = await Promise.all(arriving);
  for (const tab of tabs) {
    await counted(tab, 50);
    await tab.until(() => tab.all("notification").length === 100);
    assertEquals(new Set(tab.all("notification").map(({ id }) => id)).size, 100);
  }
  for (const visitor of [ada, new Visitor(there.url, { cookie: ada.cookie })]) {
    const { body } = await visitor.ask("GET", "/api/notifications?unread=1&limit=100");
    assertEquals([body.unread, body.more], [50, false]);
    const unread = body.notifications.map(({ id }: { id: string }) => id);
    assertEquals(new Set(unread), new Set(after.map(({ id }) => id)));
  }
  tabs[2].send({ type: "mark_all_read" });
  for (const tab of tabs) await counted(tab, 0);
  for (const tab of tabs) await tab.close();
});
