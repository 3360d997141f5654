import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { openDashboard, statsWith } from "../support/dashboard.ts";
import { backend, member } from "../support/cast.ts";
import { Client, type Frame } from "../support/client.ts";
import { startService, temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const FIELDS = [
  "online_users",
  "rooms",
  "connections",
  "messages_per_second",
  "messages_today",
  "total_users",
  "log_pending",
  "log_oldest_pending_seconds",
  "log_rows_today",
  "memory_mb",
  "uptime_seconds",
];

Deno.test("Dashboard's plain client gets initial_stats, stats_update, posted events and alerts as they are, and nothing else", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startService({
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
  });
  const root = await member(service.url, "root", "admin");
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await using _bo = await Client.enter(service.url, "lobby", "?username=bo");
  await using _too = await Client.enter(service.url, "team", "?username=bo");
  for (const text of ["one", "two"]) await ada.say(text);
  await ada.until((frames) => frames.flatMap(({ ids }) => ids ?? []).length === 2);
  await using dashboard = openDashboard(service.url, root);
  await dashboard.until((frames) => frames.length > 0);
  const [{ type, data }] = dashboard.frames;
  assertEquals(type, "initial_stats");
  assertEquals(FIELDS.filter((name) => typeof data[name] !== "number"), []);
  assertEquals(
    [data.online_users, data.rooms, data.connections, data.messages_today, data.total_users],
    [2, 2, 3, 2, 1],
  );
  assertEquals(data.log_last_error, null);
  const orders = [{ type: "new_order", order: { id: 7, 品名: "綠茶" } }, { type: "new_order", order: null }];
  for (const order of orders) {
    assertEquals((await backend(service.url).ask("POST", "/api/events", order)).status, 201);
    assertEquals(await dashboard.next("new_order"), order);
  }
  google.share(undefined);
  await ada.say("three");
  const alert = await dashboard.next("alert");
  assertEquals(alert.level, "critical");
  assertStringIncludes(alert.message, `Share the spreadsheet ${google.spreadsheetId}`);
  assertEquals(alert.message.includes("three"), false);
  const { data: paused } = await dashboard.next("stats_update", ({ data }) => data.messages_today === 3);
  assertStringIncludes(paused.log_last_error, "Share the spreadsheet");
  const values = { email: google.key.client_email, spreadsheet: google.spreadsheetId, tab: "ChatLogs" };
  assertEquals(paused.log_problem, { code: "not_shared", values });
  assertEquals([alert.problem.code, alert.problem.values], ["not_shared", values]);
  assertEquals([paused.log_pending, paused.log_rows_today], [1, 2]);
  google.share("writer");
  // An admin may have it tried again, as the service's token may.
  assertEquals((await root.ask("POST", "/api/log/retry", {})).status, 202);
  await dashboard.next("alert", ({ code }) => code === "log_recovered");
  const types = new Set(dashboard.frames.map(({ type }) => type));
  assertEquals([...types].sort(), ["alert", "initial_stats", "new_order", "stats_update"]);
  // What was posted is there for whoever comes later.
  const { events } = (await root.ask("GET", "/api/events")).body;
  const kinds = events.map(({ event: { type, code } }: Record<string, Frame>) => code ?? type);
  assertEquals(kinds, ["log_recovered", "log_paused", "new_order", "new_order"]);
});

Deno.test("Dashboard is closed to strangers with 4001, to others with 4003, and to an admin who is none any longer", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const root = await member(service.url, "root", "admin");
  const code = async (visitor: Visitor | undefined, query = "") =>
    (await openDashboard(service.url, visitor, query).closed).code;
  assertEquals(
    [
      await code(undefined),
      await code(undefined, "?username=root2"),
      await code(undefined, "?token=nonsense"),
      await code(ada),
      await code(undefined, `?token=${TOKEN}`),
    ],
    [4001, 4001, 4001, 4003, 4003],
  );
  const watching = [openDashboard(service.url, root), openDashboard(service.url, root)];
  for (const dashboard of watching) await dashboard.next("initial_stats");
  await member(service.url, "other", "admin");
  await backend(service.url).ask("PATCH", "/api/users/root", { role: "user" });
  for (const dashboard of watching) assertEquals((await dashboard.closed).code, 4003);
  await backend(service.url).ask("PATCH", "/api/users/root", { role: "admin" });
  const again = openDashboard(service.url, root);
  await again.next("initial_stats");
  await root.ask("DELETE", "/api/session");
  assertEquals((await again.closed).code, 4001);
});

Deno.test("Dashboard's calls are for admins: 401 for strangers, 403 for members and for pages of others", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const root = await member(service.url, "root", "admin");
  const stranger = new Visitor(service.url);
  const calls: [string, string, unknown?][] = [
    ["GET", "/api/events"],
    ["GET", "/api/admin/rooms"],
    ["GET", "/api/admin/rooms/lobby/members"],
    ["DELETE", "/api/admin/rooms/lobby/members/guest%3Aada"],
    ["GET", "/api/admin/tokens"],
    ["DELETE", "/api/admin/tokens/service/abc"],
    ["GET", "/api/log/dead"],
    ["POST", "/api/log/retry", {}],
    ["PATCH", "/api/rooms/lobby", { closed: true }],
  ];
  for (const [method, path, body] of calls) {
    assertEquals((await stranger.outcome(method, path, body))[0], 401, path);
    assertEquals(await ada.outcome(method, path, body), [403, "not_allowed"], path);
  }
  // Events are posted by the service alone.
  const event = { type: "new_order" };
  assertEquals((await stranger.outcome("POST", "/api/events", event))[0], 401);
  for (const visitor of [ada, root]) {
    assertEquals(await visitor.outcome("POST", "/api/events", event), [403, "not_allowed"]);
  }
  const foreign = { origin: "https://evil.example" };
  const changing = calls.filter(([method]) => method !== "GET");
  for (const [method, path, body] of changing) {
    assertEquals((await root.ask(method, path, body, foreign)).status, 403, path);
  }
  const page = async (visitor: Visitor) => (await visitor.ask("GET", "/admin/")).status;
  assertEquals([await page(stranger), await page(ada), await page(root)], [302, 403, 200]);
});

Deno.test("Events that can't be are refused: reserved types, no type, too large, no object", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const shop = backend(service.url);
  await using dashboard = openDashboard(service.url, root);
  await dashboard.next("initial_stats");
  const bad: [unknown, number][] = [
    ...["initial_stats", "stats_update", "alert", "closing", "error", "", "New", "a b", "a".repeat(65)]
      .map((type): [unknown, number] => [{ type }, 400]),
    [{}, 400],
    [{ type: 7 }, 400],
    [{ type: { type: "x" } }, 400],
    [["new_order"], 400],
    [null, 400],
    ["new_order", 400],
    [{ type: "large", text: "大".repeat(16_384) }, 413],
    [{ type: "huge", text: "x".repeat(70_000) }, 413],
  ];
  for (const [event, status] of bad) {
    assertEquals(
      (await shop.ask("POST", "/api/events", event)).status,
      status,
      JSON.stringify(event).slice(0, 80),
    );
  }
  const odd = { type: "odd", text: "大".repeat(16_000), __proto__x: 1, html: "<script>", deep: [[[]]] };
  assertEquals((await shop.ask("POST", "/api/events", odd)).status, 201);
  assertEquals(await dashboard.next("odd"), odd);
  assertEquals((await root.ask("GET", "/api/events")).body.events.length, 1);
  // Frames of a dashboard mean nothing, but too many or too large ones end it.
  dashboard.send("nonsense");
  dashboard.send({ type: "stats_update" });
  await shop.ask("POST", "/api/events", { type: "after" });
  await dashboard.next("after");
  dashboard.send("x".repeat(2_000));
  assertEquals((await dashboard.closed).code, 1009);
});

Deno.test("What was said and written today is still known after a restart, and after a retry of what was refused", async () => {
  await using google = await GoogleSheets.start();
  await using directory = await temporaryDirectory();
  const config = {
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
  };
  const figures = ({ messages_today, log_rows_today, log_dead }: Frame["data"]) => [
    messages_today,
    log_rows_today,
    log_dead,
  ];
  let root: Visitor;
  {
    await using service = await startService(config, directory.path);
    root = await member(service.url, "root", "admin");
    await using ada = await Client.enter(service.url, "lobby");
    google.faults.next("append", { work: "undone", outcome: "answer", status: 400 });
    await ada.say("poison");
    await ada.next("not_recorded");
    for (const text of ["one", "two"]) {
      const { id } = await ada.say(text);
      await ada.next("recorded", ({ ids }) => ids.includes(id));
    }
    assertEquals(figures(await statsWith(service.url, root, () => true)), [3, 2, 1]);
  }
  await using service = await startService(config, directory.path);
  assertEquals(figures(await statsWith(service.url, root, () => true)), [3, 2, 1]);
  await backend(service.url).ask("POST", "/api/log/retry", {});
  assertEquals(figures(await statsWith(service.url, root, ({ log_dead }) => log_dead === 0)), [3, 3, 0]);
});

Deno.test("A full outbox and clients that are too fast are warned of", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startService({
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
    outboxLimit: 5,
    rateMessagesPerMinute: 10,
  });
  const root = await member(service.url, "root", "admin");
  await using dashboard = openDashboard(service.url, root);
  await dashboard.next("initial_stats");
  google.share(undefined);
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  for (let i = 0; i < 5; i++) await ada.say(`m${i}`);
  ada.send({ type: "chat_message", message: "too much" });
  await ada.next("error", ({ code }) => code === "backpressure");
  for (let i = 0; i < 40; i++) ada.send({ type: "chat_message", message: "fast" });
  const codes = (): string[] => dashboard.all("alert").map(({ code }) => code).sort();
  await dashboard.until(() => codes().includes("outbox_full") && codes().includes("rate_limiting"));
  assertEquals(codes(), ["log_paused", "outbox_full", "rate_limiting"]);
  assert(dashboard.all("alert").every(({ level, message }) => level !== "info" && message));
  google.share("writer");
});

Deno.test("A room that an admin closes lets its members go and nobody in, until it is opened again", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const cy = await member(service.url, "cy");
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  await using keeper = await root.enter("lobby");
  // A creator is none who may close it.
  await using own = await cy.enter("mine");
  assertEquals(await cy.outcome("PATCH", "/api/rooms/mine", { closed: true }), [403, "not_allowed"]);
  assertEquals((await root.ask("PATCH", "/api/rooms/lobby", { closed: true })).body.closed, true);
  for (const client of [ada, bo]) {
    const { code, reason } = await client.closed;
    assertEquals([code, reason], [4003, "This room is closed"]);
  }
  assertEquals((await cy.socket("lobby").closed).code, 4003);
  assertEquals((await cy.outcome("GET", "/api/rooms/lobby/messages"))[0], 403);
  // An admin may look, but nobody speaks.
  keeper.send({ type: "chat_message", message: "hello", client_id: "1" });
  assertEquals((await keeper.next("error")).code, "read_only");
  const post = { message: "hi" };
  assertEquals(await backend(service.url).outcome("POST", "/api/rooms/lobby/messages", post), [
    403,
    "read_only",
  ]);
  const { rooms } = (await root.ask("GET", "/api/admin/rooms")).body;
  assertEquals(rooms, [{ room: "mine", people: 1, closed: false }, {
    room: "lobby",
    people: 0,
    closed: true,
  }]);
  await root.ask("PATCH", "/api/rooms/lobby", { closed: false });
  await using again = await Client.enter(service.url, "lobby", "?username=ada");
  await again.say("back");
  await own.say("undisturbed");
});

Deno.test("A member whom an admin removes loses all connections to that room, a private one's membership, and nothing else", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const ada = await member(service.url, "ada");
  await root.ask("PATCH", "/api/rooms/lobby", { private: true, members: ["ada"] });
  const [one, two] = [await ada.enter("lobby"), await ada.enter("lobby")];
  await using elsewhere = await ada.enter("team");
  await using guest = await Client.enter(service.url, "team", "?username=小柏/..");
  const membersOf = async (room: string) =>
    (await root.ask("GET", `/api/admin/rooms/${room}/members`)).body.members;
  const [{ id, name, guest: isGuest }] = await membersOf("lobby");
  assertEquals([name, isGuest], ["ada", false]);
  const remove = (room: string, id: string) =>
    root.outcome("DELETE", `/api/admin/rooms/${room}/members/${encodeURIComponent(id)}`);
  assertEquals(await remove("lobby", id), [200]);
  for (const client of [one, two]) assertEquals((await client.closed).code, 4003);
  assertEquals((await ada.socket("lobby").closed).code, 4003);
  await elsewhere.say("still here");
  const stranger = (await membersOf("team")).find(({ guest }: { guest: boolean }) => guest);
  assertEquals(await remove("team", stranger.id), [200]);
  assertEquals((await guest.closed).code, 4003);
  await using back = await Client.enter(service.url, "team", "?username=小柏/..");
  await back.say("again");
  for (const odd of ["nobody", "x".repeat(201), "%00"]) {
    assert([200, 400].includes((await remove("team", odd))[0]));
  }
  await back.say("and again");
});

Deno.test("Admins see everybody's tokens without their secrets, and revoke them", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const ada = await member(service.url, "ada");
  const { body: { token } } = await ada.ask("POST", "/api/tokens", { name: "bot" });
  await backend(service.url).ask("POST", "/api/tokens", { name: "shop" });
  const { body } = await root.ask("GET", "/api/admin/tokens");
  const seen = body.tokens.map((
    { name, username, role }: Record<string, string>,
  ) => [name, username ?? "", role]);
  assertEquals(seen.sort(), [["bot", "ada", "own"], ["shop", "", "service"]]);
  assert(!JSON.stringify(body).includes(token.split(".")[2]));
  const { owner, id } = body.tokens.find(({ name }: { name: string }) => name === "bot");
  const bot = new Visitor(service.url, { authorization: `Bearer ${token}` });
  assertEquals((await bot.ask("GET", "/api/session")).body.user.username, "ada");
  assertEquals(await root.outcome("DELETE", `/api/admin/tokens/${owner}/${id}`), [200]);
  assertEquals((await bot.ask("GET", "/api/session")).status, 401);
  assertEquals(await root.outcome("DELETE", `/api/admin/tokens/${owner}/${id}`), [404, "not_found"]);
});
