import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeTime } from "ulid";
import { Client } from "../support/client.ts";
import { pastText } from "../support/past.ts";
import { parseCsv, startService, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";
import { sheetsOf } from "../support/workbook.ts";

const PASSWORD = "correct horse battery";

/** Somebody with an account. */
async function member(origin: string, username: string, role = "user"): Promise<Visitor> {
  const backend = new Visitor(origin, { authorization: `Bearer ${TOKEN}` });
  assertEquals((await backend.ask("POST", "/api/users", { username, password: PASSWORD, role })).status, 201);
  return await Visitor.signedIn(origin, username, PASSWORD);
}

/** Opens the socket of somebody's tasks. */
async function tasks(origin: string, visitor: Visitor, query = ""): Promise<Client> {
  const address = `${origin.replace("http", "ws")}/ws/tasks/${query}`;
  const client = new Client(address, { headers: { cookie: visitor.cookie } });
  await new Promise<void>((resolve) => client.opened = resolve);
  return client;
}

async function say(origin: string, room: string, count: number): Promise<void> {
  await using client = await Client.enter(origin, room, "?username=cleo&batch=1");
  for (let i = 0; i < count; i++) client.send({ message: pastText(i) });
  await client.until((frames) => frames.filter(({ type }) => type === "chat_message").length === count);
}

/** Asks for a report, and waits until it is finished. */
async function made(origin: string, visitor: Visitor, order: object): Promise<string> {
  await using socket = await tasks(origin, visitor);
  const { status, body } = await visitor.ask("POST", "/api/reports/request/", order);
  assertEquals(status, 202);
  const { status: outcome } = await socket.next(
    "task_update",
    (frame) => frame.task_id === body.task_id && ["completed", "failed"].includes(frame.status),
  );
  assertEquals(outcome, "completed");
  return body.task_id;
}

async function download(origin: string, visitor: Visitor, path: string, headers = {}): Promise<Response> {
  return await fetch(origin + path, { redirect: "manual", headers: { cookie: visitor.cookie, ...headers } });
}

Deno.test("A plain client asks for a report, hears how far it is by protocol.md's frames, and downloads it", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await say(service.url, "聊天室", 300);
  await using socket = await tasks(service.url, ada);
  await using page = await tasks(service.url, ada, "?batch=1");
  const { status, body } = await ada.ask("POST", "/api/reports/request/", {
    type: "transcript",
    room: "聊天室",
  });
  assertEquals([status, Object.keys(body)], [202, ["task_id", "message"]]);
  const done = await socket.next("task_update", (frame) => frame.status === "completed");
  for (const frame of socket.frames) {
    assertEquals(Object.keys(frame), [
      "type",
      "task_id",
      "status",
      "progress",
      "message",
      "result",
      "timestamp",
    ]);
    assertEquals(frame.task_id, body.task_id);
    assert(frame.progress >= 0 && frame.progress <= 100 && frame.message);
    assertEquals(new Date(frame.timestamp).toISOString(), frame.timestamp);
  }
  assertEquals(socket.frames[0].status, "started");
  const url = `/reports/${body.task_id}`;
  assertEquals([done.progress, done.result], [100, { url, csv_url: `${url}?format=csv`, messages: 300 }]);
  // Our own page is told what it was about, too.
  assertEquals((await page.next("task_update")).room, "聊天室");

  const file = await download(service.url, ada, url);
  assertEquals(file.headers.get("content-type")?.includes("spreadsheetml.sheet"), true);
  const disposition = file.headers.get("content-disposition") ?? "";
  assertMatch(disposition, /^attachment; filename="transcript-[0-9A-Z]{26}\.xlsx"; filename\*=UTF-8''/);
  // The day is that of Taipei, eight hours before Greenwich.
  const day = new Date(decodeTime(body.task_id) + 8 * 3_600_000).toISOString().slice(0, 10);
  assert(disposition.endsWith(`${encodeURIComponent("聊天室")}-transcript-${day}.xlsx`), disposition);
  const bytes = await file.bytes();
  assertEquals(String(bytes.length), file.headers.get("content-length"));
  const { Messages: [, ...rows] } = await sheetsOf(bytes);
  const texts = Array.from({ length: 300 }, (_, i) => pastText(i));
  assertEquals(rows.map((row) => [row[1], row[2], row[3]]), texts.map((text) => ["聊天室", "cleo", text]));
  for (const encoding of ["gzip", "identity", "gzip;q=0"]) {
    const csv = await download(service.url, ada, `${url}?format=csv`, { "accept-encoding": encoding });
    assertEquals(parseCsv(await csv.text()).slice(1).map((row) => row[3]), texts);
  }
});

Deno.test("An activity report is a workbook, and has no CSV", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await say(service.url, "lobby", 10);
  const id = await made(service.url, ada, {
    type: "activity",
    room: "lobby",
    language: "en",
    from: "",
    to: null,
  });
  const sheets = await sheetsOf(await (await download(service.url, ada, `/reports/${id}`)).bytes());
  assertEquals(sheets["Messages by person"][1], ["cleo", "10", "100", "0"]);
  assertEquals(await ada.outcome("GET", `/reports/${id}?format=csv`), [400, "invalid_format"]);
  assertEquals(await ada.outcome("GET", `/reports/${id}?format=__proto__`), [400, "invalid_format"]);
});

Deno.test("Reports are for people who have signed in: 401 and 4001 for others, programs of the service 403", async () => {
  await using service = await startService();
  const guest = new Visitor(service.url);
  const program = new Visitor(service.url, { authorization: `Bearer ${TOKEN}` });
  const order = { type: "transcript", room: "lobby" };
  const id = "0".repeat(26);
  for (
    const [method, path] of [
      ["POST", "/api/reports/request/"],
      ["POST", "/api/reports/request"],
      ["GET", "/api/reports"],
      ["DELETE", `/api/reports/${id}`],
      ["GET", `/reports/${id}`],
    ]
  ) {
    const body = method === "POST" ? order : undefined;
    assertEquals(await guest.outcome(method, path, body), [401, "not_signed_in"], path);
    assertEquals(await program.outcome(method, path, body), [403, "not_allowed"], path);
  }
  assertEquals((await (await tasks(service.url, guest)).closed).code, 4001);
  assertEquals((await (await tasks(service.url, guest, "?token=nonsense")).closed).code, 4001);
  for (const path of [`/reports/${id}`, "/reports/"]) {
    const { status, headers } = await guest.ask("GET", path, undefined, { accept: "text/html" });
    assertEquals([status, headers.get("location")], [
      302,
      `/account/sign-in/?to=${encodeURIComponent(path)}`,
    ]);
  }
});

Deno.test("A report is its owner's and admins', and to all others as if there were none", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const root = await member(service.url, "root", "admin");
  await say(service.url, "lobby", 3);
  await using bos = await tasks(service.url, bo, "?batch=1");
  const id = await made(service.url, ada, { type: "transcript", room: "lobby" });
  for (const format of ["", "?format=csv", "?format=nonsense"]) {
    const path = `/reports/${id}${format}`;
    assertEquals(await bo.outcome("GET", path), [404, "not_found"]);
    assertEquals((await bo.ask("GET", path)).body, (await bo.ask("GET", `/reports/${"0".repeat(26)}`)).body);
  }
  assertEquals(await bo.outcome("DELETE", `/api/reports/${id}`), [404, "not_found"]);
  assertEquals((await bo.ask("GET", "/api/reports")).body, { reports: [] });
  const lost = await bo.ask("GET", `/reports/${id}`, undefined, { accept: "text/html" });
  assertEquals([lost.status, lost.headers.get("content-type")], [404, "text/html; charset=UTF-8"]);
  for (const path of ["%00", "..%2f..%2fdeno.json", "x".repeat(3_000), "__proto__"]) {
    assertEquals((await bo.ask("GET", `/reports/${path}`)).status, 404);
  }
  assertEquals(
    await download(service.url, root, `/reports/${id}`).then(async (file) => [
      file.status,
      (await file.bytes()).length > 0,
    ]),
    [200, true],
  );
  assertEquals((await bo.ask("GET", "/api/reports")).status, 200);
  assertEquals(bos.frames, []);
  assertEquals(await ada.outcome("DELETE", `/api/reports/${id}`), [200]);
  assertEquals(await ada.outcome("GET", `/reports/${id}`), [404, "not_found"]);
});

Deno.test("A private room's report is for those who may enter, when it is asked for and when it is read", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const root = await member(service.url, "root", "admin");
  await using inside = await ada.enter("team");
  await inside.say("a secret");
  await ada.ask("PATCH", "/api/rooms/team", { private: true, members: ["bo"] });
  const order = { type: "transcript", room: "team" };
  const id = await made(service.url, bo, order);
  assertEquals((await bo.ask("GET", `/reports/${id}`)).status, 200);
  await ada.ask("PATCH", "/api/rooms/team", { members: [] });
  assertEquals(await bo.outcome("GET", `/reports/${id}`), [403, "not_allowed"]);
  assertEquals(await bo.outcome("POST", "/api/reports/request/", order), [403, "not_allowed"]);
  assertEquals((await root.ask("GET", `/reports/${id}`)).status, 200);
});

Deno.test("A report that fails says why, in the language of whoever asked", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  for (
    const [language, sentence] of [["en", /^This room has no messages/], ["zh-Hant", /沒有訊息/]]
  ) {
    await using socket = await tasks(service.url, ada);
    const { body } = await ada.ask("POST", "/api/reports/request/", {
      type: "activity",
      room: "typo",
      language,
    });
    const { message, result, progress } = await socket.next(
      "task_update",
      ({ status }) => status === "failed",
    );
    assertMatch(message, sentence as RegExp);
    assertEquals([result, progress], [null, 0]);
    assertEquals(await ada.outcome("GET", `/reports/${body.task_id}`), [409, "not_ready"]);
  }
  const { body: { reports } } = await ada.ask("GET", "/api/reports");
  assertEquals(reports.map(({ outcome }: { outcome: string }) => outcome), ["no_messages", "no_messages"]);
});

Deno.test("Asking for reports is refused from other pages, with nonsense, and more than three at a time", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await say(service.url, "lobby", 1);
  const order = { type: "transcript", room: "lobby" };
  for (
    const [body, headers, wanted] of [
      [order, { origin: "https://evil.example" }, 403],
      [order, { "sec-fetch-site": "cross-site" }, 403],
      [{ ...order, type: "virus" }, {}, 400],
      [{ ...order, room: "a b" }, {}, 400],
      [{ ...order, from: { $gt: "" } }, {}, 400],
      [[], {}, 400],
      ["x".repeat(100_000), {}, 413],
    ] as const
  ) {
    assertEquals((await ada.ask("POST", "/api/reports/request/", body, headers)).status, wanted);
  }
  const asked = await Promise.all(
    Array.from({ length: 30 }, () => ada.ask("POST", "/api/reports/request/", order)),
  );
  const refused = asked.find(({ status }) => status === 429);
  // Some may be finished before others are asked for; thirty are not.
  assert(refused && asked.some(({ status }) => status === 202));
  assertEquals([refused.body.code, refused.headers.get("retry-after")], ["too_many_reports", "10"]);
});

Deno.test("A task socket tells on connect what is under way, takes no orders, and ends with the session", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using socket = await tasks(service.url, ada);
  socket.send({ type: "chat_message", message: "hi" });
  assertEquals((await socket.next("error")).code, "unknown_type");
  socket.sendBytes(new Uint8Array(10));
  await socket.next("error");
  await ada.ask("DELETE", "/api/session");
  assertEquals((await socket.closed).code, 4001);
});
