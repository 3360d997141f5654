/**
 * The points of two OWASP cheat sheets, one test each that names it:
 *
 * - WebSocket Security, https://cheatsheetseries.owasp.org/cheatsheets/WebSocket_Security_Cheat_Sheet.html
 * - Session Management, https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
 *
 * and what hostile input of a fixed seed must not do. Points that have a whole file of their own are tested there, and
 * named here in short: limits_test.ts, sessions_test.ts, tokens_test.ts, guests_test.ts, rules_test.ts.
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { Client, roomAddress } from "../support/client.ts";
import { Nonsense } from "../support/nonsense.ts";
import { seeded } from "../support/random.ts";
import { startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const ADA = { username: "ada", password: PASSWORD };
/** Ways in, with what a hostile caller may put in the places of names. */
const PLACES = [
  ["GET", "/api/session"],
  ["POST", "/api/session"],
  ["GET", "/api/sessions"],
  ["DELETE", "/api/sessions/:id"],
  ["POST", "/api/account/password"],
  ["DELETE", "/api/account"],
  ["PATCH", "/api/account"],
  ["GET", "/api/documents"],
  ["POST", "/api/documents"],
  ["GET", "/api/documents/:id"],
  ["PATCH", "/api/documents/:id"],
  ["DELETE", "/api/documents/:id"],
  ["POST", "/api/documents/:id/restore"],
  ["GET", "/api/documents/:id/text"],
  ["GET", "/api/users"],
  ["POST", "/api/users"],
  ["PATCH", "/api/users/:name"],
  ["DELETE", "/api/users/:name"],
  ["GET", "/api/tokens"],
  ["POST", "/api/tokens"],
  ["DELETE", "/api/tokens/:id"],
  ["GET", "/api/rooms?name=:room"],
  ["POST", "/api/rooms"],
  ["GET", "/api/rooms/:room"],
  ["PATCH", "/api/rooms/:room"],
  ["GET", "/api/rooms/:room/messages"],
  ["POST", "/api/rooms/:room/messages"],
  ["DELETE", "/api/rooms/:room/messages/:id"],
  ["GET", "/api/people/:name/messages"],
  ["DELETE", "/api/people/:name/messages"],
  ["GET", "/api/log/dead"],
  ["POST", "/api/log/retry"],
  ["POST", "/api/reports/request/"],
  ["GET", "/api/reports"],
  ["DELETE", "/api/reports/:id"],
  ["GET", "/reports/:id"],
  ["GET", "/chat/"],
  ["GET", "/chat/:room/"],
  ["GET", "/chat/:room/settings/"],
  ["GET", "/account/"],
  ["GET", "/account/sign-in/"],
  ["GET", "/account/sign-up/"],
  ["GET", "/static/:file"],
  ["GET", "/ws/chat/:room/"],
  ["GET", "/healthz"],
  ["GET", "/:nothing"],
] as const;
const FRAMES = 10_000;
const REQUESTS = 2_000;

Deno.test("OWASP WebSocket, cross-site hijacking: a socket opens for the service's own pages and listed ones only", async () => {
  await using service = await startService({ allowedOrigins: ["https://partner.example"] });
  const ada = await member(service.url, "ada");
  const status = async (origin: string): Promise<number> => {
    const { status } = await ada.ask("GET", "/ws/chat/lobby/", undefined, { origin, upgrade: "websocket" });
    return status;
  };
  const { host } = new URL(service.url);
  const foreign = [
    "https://evil.example",
    "null",
    `http://${host}.evil.example`,
    `http://evil.example:${new URL(service.url).port}`,
    "https://partner.example.evil.example",
    `http://user@evil.example/${host}`,
    "file://",
  ];
  for (const origin of foreign) assertEquals(await status(origin), 403, origin);
  // These get as far as the upgrade, which this request isn't.
  for (const origin of [service.url, "https://partner.example"]) {
    assertEquals(await status(origin), 400, origin);
  }
});

Deno.test("OWASP WebSocket, authentication: the handshake decides who speaks, and no frame changes it", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using socket = await ada.enter("lobby");
  const claims = [
    { message: "1", username: "root", user: "root", account: true, role: "admin" },
    { type: "chat_message", message: "2", user: { id: "root" } },
  ];
  for (const claim of claims) {
    socket.send(claim);
    assertEquals((await socket.next("chat_message")).username, "ada");
  }
});

Deno.test("OWASP WebSocket, authorization: each room and each action is checked, not only the connection", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using own = await ada.enter("team");
  await ada.ask("PATCH", "/api/rooms/team", { private: true });
  const bo = await member(service.url, "bo");
  await using elsewhere = await bo.enter("lobby");
  assertEquals((await bo.socket("team").closed).code, 4003);
  elsewhere.send({ type: "chat_message", message: "hi", room: "team" });
  assertEquals((await elsewhere.next("chat_message")).room, "lobby");
  elsewhere.send({ type: "message_deleted", id: "x", room: "team" });
  assertEquals((await elsewhere.next("error")).code, "unknown_type");
  assertEquals(own.all("chat_message"), []);
});

Deno.test("OWASP WebSocket, session expiry: a socket lives no longer than what let it in", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const { body: { id, token } } = await ada.ask("POST", "/api/tokens", { name: "script" });
  const bySession = await ada.enter("lobby");
  const byToken = await new Visitor(service.url).enter("lobby", `?token=${token}`);
  await ada.ask("DELETE", `/api/tokens/${id}`);
  assertEquals((await byToken.closed).code, 4001);
  await ada.ask("DELETE", "/api/session");
  assertEquals((await bySession.closed).code, 4001);
});

Deno.test("OWASP WebSocket, input validation: what isn't a frame is refused by name, and the connection goes on", async () => {
  await using service = await startService();
  await using socket = await Client.enter(service.url, "lobby");
  for (
    const frame of [
      "{",
      "[]",
      `{"type":"x"}`,
      `{"type":"history","limit":"5"}`,
      `{"__proto__":{"type":"typing"}}`,
    ]
  ) {
    socket.send(frame);
    const { error, code } = await socket.next("error");
    assert(error.length < 100 && /^[a-z_]+$/.test(code));
  }
  await socket.say("fine");
});

Deno.test("OWASP WebSocket, size limits: a frame over 64 KiB closes with 1009", async () => {
  await using service = await startService();
  const socket = await Client.enter(service.url, "lobby");
  socket.send({ message: "x".repeat(70_000) });
  assertEquals((await socket.closed).code, 1009);
});

Deno.test("OWASP WebSocket, rate and connection limits: per user and per address", async () => {
  await using service = await startService({ rateMessagesPerMinute: 1, maxConnectionsPerIp: 1 });
  await using socket = await Client.enter(service.url, "lobby");
  await socket.say("one");
  socket.send({ message: "two" });
  assertEquals((await socket.next("error")).code, "rate_limited");
  assertEquals((await new Client(roomAddress(service.url, "lobby")).closed).code, 4008);
});

Deno.test("OWASP WebSocket, compression: none is agreed on, so that no secret can be guessed from lengths", async () => {
  await using service = await startService();
  const { port } = new URL(service.url);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const upgrade = [
    "GET /ws/chat/lobby/ HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions: permessage-deflate",
  ];
  await connection.write(new TextEncoder().encode(`${upgrade.join("\r\n")}\r\n\r\n`));
  const buffer = new Uint8Array(4_096);
  const head = new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
  assertMatch(head, /^HTTP\/1\.1 101/);
  assert(!/sec-websocket-extensions/i.test(head));
});

Deno.test("OWASP WebSocket, error handling: errors name no file, no line and no library", async () => {
  await using service = await startService();
  const visitor = new Visitor(service.url);
  for (const path of ["/api/nothing", "/api/users/%E0%A4%A", "/ws/chat/lobby/", "/static/..%2fmain.ts"]) {
    const { body, headers } = await visitor.ask("GET", path);
    assert(!/\.ts|\.js:|file:|node_modules|hono|Deno/i.test(JSON.stringify(body).replaceAll(path, "")), path);
    assertEquals([headers.get("server"), headers.get("x-powered-by")], [null, null]);
  }
});

Deno.test("OWASP Session, name: it tells nothing of the technology", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  assertEquals([...ada.cookies.keys()], ["session"]);
});

Deno.test("OWASP Session, length and entropy: 256 random bits, never the same twice", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const again = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const [secret, other] = [ada, again].map(({ cookies }) => cookies.get("session")?.split(".")[2] ?? "");
  assertEquals([secret.length, other.length], [43, 43]);
  assertNotEquals(secret, other);
});

Deno.test("OWASP Session, content: it means nothing outside of the service", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const text = decodeURIComponent(ada.cookies.get("session") ?? "");
  assertMatch(text, /^[0-9A-Z]{26}\.[\w-]{22}\.[\w-]{43}$/);
  assert(!/ada|admin|user/i.test(text));
});

Deno.test("OWASP Session, strict management: an id that wasn't made here is never taken over", async () => {
  await using service = await startService();
  await member(service.url, "ada");
  const made = `${"0".repeat(26)}.${"A".repeat(22)}.${"A".repeat(43)}`;
  const ada = new Visitor(service.url);
  ada.cookies.set("session", made);
  assertEquals((await ada.ask("GET", "/api/session")).body.user.role, "guest");
  await ada.ask("POST", "/api/session", ADA);
  assertNotEquals(ada.cookies.get("session"), made);
});

Deno.test("OWASP Session, transport: the id goes by cookie only, never in an address or a body", async () => {
  await using service = await startService();
  await member(service.url, "ada");
  const ada = new Visitor(service.url);
  const { body } = await ada.ask("POST", "/api/session", ADA);
  const session = ada.cookies.get("session") ?? "";
  assert(!JSON.stringify(body).includes(session.split(".")[2]));
  for (const query of [`?session=${session}`, `?token=${session}`]) {
    const { status, body } = await new Visitor(service.url).ask("GET", `/api/session${query}`);
    assert(status === 401 || body.user.role === "guest");
  }
});

Deno.test("OWASP Session, cookie attributes: HttpOnly, SameSite, Path, no Domain, an end, and Secure with TLS", async () => {
  await using service = await startService({ trustProxy: 1 });
  await member(service.url, "ada");
  const behind = new Visitor(service.url, { "x-forwarded-proto": "https" });
  const [cookie] = (await behind.ask("POST", "/api/session", ADA)).headers.getSetCookie();
  for (const attribute of ["__Host-session=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/;", "Max-Age="]) {
    assert(cookie.includes(attribute), attribute);
  }
  assert(!/domain=/i.test(cookie));
  // Without the prefix another host of the domain could have set it.
  const fixed = behind.cookies.get("__Host-session") ?? "";
  const weaker = new Visitor(service.url, { "x-forwarded-proto": "https", cookie: `session=${fixed}` });
  assertEquals((await weaker.ask("GET", "/api/session")).body.user.role, "guest");
});

Deno.test("OWASP Session, renewal: another id after each sign-in and each new password", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const ids = [ada.cookie];
  await ada.ask("POST", "/api/session", ADA);
  ids.push(ada.cookie);
  await ada.ask("POST", "/api/account/password", { password: PASSWORD, new_password: "another password" });
  ids.push(ada.cookie);
  assertEquals(new Set(ids).size, 3);
  for (const cookie of ids.slice(0, 2)) {
    assertEquals(
      (await new Visitor(service.url, { cookie }).ask("GET", "/api/session")).body.user.role,
      "guest",
    );
  }
});

Deno.test("OWASP Session, expiry: by sign-out, on the server too (by time: see Passes in sessions_test.ts)", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const { cookie } = ada;
  await ada.ask("DELETE", "/api/session");
  assertEquals((await new Visitor(service.url, { cookie }).ask("GET", "/api/sessions")).status, 401);
});

Deno.test("OWASP Session, caching: what is about a person is stored by nobody", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  for (const path of ["/api/session", "/api/sessions", "/api/tokens", "/api/rooms/lobby/messages"]) {
    assertEquals((await ada.ask("GET", path)).headers.get("cache-control"), "no-store");
  }
  const root = await member(service.url, "root", "admin");
  for (
    const path of [
      "/",
      "/chat/",
      "/chat/lobby/",
      "/account/",
      "/docs/",
      "/reports/",
      "/help/",
      "/admin/",
      "/nowhere/",
    ]
  ) {
    const page = await root.ask("GET", path, undefined, { accept: "text/html" });
    if (page.status === 302) continue;
    assertEquals(page.headers.get("cache-control"), "private, no-store", path);
  }
  assertEquals((await ada.ask("POST", "/api/rooms", { room: "team", private: true })).status, 201);
  const guest = new Visitor(service.url);
  assertEquals((await guest.ask("GET", "/chat/team/")).headers.get("cache-control"), "private, no-store");
  assertEquals((await guest.ask("GET", "/chat/lobby/")).headers.get("cache-control"), "private, no-cache");
});

Deno.test("An address that opens too many pages is told so on a page, and opens its next one later", async () => {
  await using service = await startService({ rateMessagesPerMinute: 1 });
  const visitor = new Visitor(service.url, { "accept-language": "en" });
  const open = (path: string) => visitor.ask("GET", path, undefined, { accept: "text/html" });
  for (let i = 0; i < 30; i++) assertEquals((await open("/help/")).status, 200);
  for (const path of ["/help/", "/chat/lobby/", "/nowhere/"]) {
    const { status, headers, body } = await open(path);
    assertEquals([status, body.includes("Too many pages were opened from your network")], [429, true], path);
    assert(Number(headers.get("retry-after")) >= 1);
  }
  assertEquals((await open("/healthz")).status, 200);
});

Deno.test("OWASP Session, brute force: guesses are slowed down (how: see sign_in_throttle_test.ts)", async () => {
  await using service = await startService();
  const guesses = Array.from(
    { length: 8 },
    (_, i) => ({ username: "nobody", password: `guess number ${i}` }),
  );
  const statuses = await Promise.all(
    guesses.map(async (guess) => (await new Visitor(service.url).ask("POST", "/api/session", guess)).status),
  );
  // For a name that nobody has too: else the wait would tell.
  assertEquals(statuses.toSorted(), [401, 401, 401, 401, 401, 401, 429, 429]);
});

Deno.test("OWASP Session, simultaneous sessions: people see theirs, and can end them", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const phone = await Visitor.signedIn(service.url, "ada", PASSWORD);
  assertEquals((await ada.ask("GET", "/api/sessions")).body.sessions.length, 2);
  await ada.ask("DELETE", "/api/sessions");
  assertEquals((await phone.ask("GET", "/api/sessions")).status, 401);
});

Deno.test("CSRF: a page of another origin can't change anything with a visitor's cookies", async () => {
  await using service = await startService({ allowedOrigins: ["https://partner.example"] });
  const ada = await member(service.url, "ada");
  const attempt = async (headers: Record<string, string>): Promise<number> =>
    (await ada.ask("DELETE", "/api/sessions", undefined, headers)).status;
  assertEquals(await attempt({ origin: "https://evil.example" }), 403);
  assertEquals(await attempt({ origin: "null" }), 403);
  assertEquals(await attempt({ "sec-fetch-site": "cross-site" }), 403);
  assertEquals(await attempt({ "sec-fetch-site": "same-site" }), 403);
  assertEquals(await attempt({ origin: service.url }), 200);
  assertEquals(await attempt({ origin: "https://partner.example" }), 200);
  // Nor sign somebody in as another, by a form, which can't send JSON.
  const form = await fetch(`${service.url}/api/session`, {
    method: "POST",
    headers: { origin: service.url, "content-type": "text/plain" },
    body: JSON.stringify(ADA),
  });
  assertEquals([form.status, (await form.json()).code], [415, "not_json"]);
  // And no page but our own may read an answer.
  const { headers } = await ada.ask("GET", "/api/session", undefined, { origin: "https://evil.example" });
  assertEquals(headers.get("access-control-allow-origin"), null);
});

Deno.test("Pages allow nothing inline, nothing foreign and no frame around them, wherever they are", async () => {
  await using service = await startService({ signup: "open" });
  const ada = await member(service.url, "ada");
  await using _ = await ada.enter("team");
  const guest = new Visitor(service.url);
  const seen: [Visitor, string][] = [
    [guest, "/chat/"],
    [guest, "/chat/lobby/"],
    [guest, "/help/"],
    [guest, "/account/sign-in/"],
    [guest, "/account/sign-up/"],
    [ada, "/account/"],
    [ada, "/chat/team/settings/"],
  ];
  for (const [visitor, path] of seen) {
    const { status, headers } = await visitor.ask("GET", path, undefined, { accept: "text/html" });
    const policy = headers.get("content-security-policy") ?? "";
    assertEquals(status, 200, path);
    for (
      const wanted of [
        "default-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
      ]
    ) {
      assert(policy.includes(wanted), `${path}: ${wanted}`);
    }
    assert(!policy.includes("unsafe"));
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("x-frame-options"), "DENY");
    assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
    assertEquals(headers.get("referrer-policy"), "same-origin");
  }
});

Deno.test("Pages never put into their HTML what somebody wrote, but as text", async () => {
  await using service = await startService();
  const attack = `"><script>alert(1)</script>`;
  const { status } = await backend(service.url).ask("POST", "/api/users", {
    username: "eve",
    password: PASSWORD,
    display_name: attack,
  });
  assertEquals(status, 201);
  const eve = await Visitor.signedIn(service.url, "eve", PASSWORD);
  await using _ = await eve.enter("team");
  await eve.ask("PATCH", "/api/rooms/team", { title: attack });
  for (
    const path of [
      "/chat/team/",
      "/account/",
      "/chat/team/settings/",
      `/chat/?x=${encodeURIComponent(attack)}`,
    ]
  ) {
    assert(!(await eve.ask("GET", path)).body.includes("<script>alert"), path);
  }
});

Deno.test("Signing in leads nowhere but to this service", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const foreign = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/.//evil.example",
    "",
  ];
  for (const to of foreign) {
    const { headers } = await ada.ask("GET", `/account/sign-in/?to=${encodeURIComponent(to)}`);
    assertEquals(headers.get("location"), "/chat/", to);
  }
  const { headers } = await ada.ask("GET", `/account/sign-in/?to=${encodeURIComponent("/chat/lobby/?a=b")}`);
  assertEquals(headers.get("location"), "/chat/lobby/?a=b");
});

Deno.test("A body is read no further than it may be, whether its length is told or not", async () => {
  await using service = await startService();
  const large = new Uint8Array(1_000_000);
  const chunked = new ReadableStream({
    start(stream) {
      for (let i = 0; i < 10; i++) stream.enqueue(large);
      stream.close();
    },
  });
  for (const body of [large, chunked]) {
    const response = await fetch(`${service.url}/api/session`, { method: "POST", body });
    assertEquals([response.status, (await response.json()).code], [413, "too_large"]);
  }
});

Deno.test(`${FRAMES} hostile frames crash nothing, fail nothing, and reach no other member or room`, async () => {
  await using service = await startService();
  const nonsense = new Nonsense(seeded(5));
  const ada = await member(service.url, "ada");
  await using secret = await ada.enter("team");
  await ada.ask("PATCH", "/api/rooms/team", { private: true });
  await using watcher = await Client.enter(service.url, "lobby", "?username=bo&batch=1");
  const attack = async (query: string): Promise<void> => {
    let attacker = await Client.enter(service.url, "lobby", query);
    for (let i = 0; i < FRAMES / 4; i++) {
      const frame = nonsense.frame();
      if (typeof frame === "string") attacker.send(frame);
      else attacker.sendBytes(frame);
      if (i % 100 < 99) continue;
      // An answer shows that all before it were read.
      await attacker.say(`still here ${i}`);
      assertEquals(attacker.all("error").filter(({ code }) => code === "internal"), []);
      await attacker.close();
      attacker = await Client.enter(service.url, "lobby", query);
    }
    await attacker.close();
  };
  await Promise.all(["?username=eve", "", "?username=mallory&batch=1", "?username=trudy"].map(attack));
  await watcher.next("chat_message", ({ message }) => message === `still here ${FRAMES / 4 - 1}`);
  await secret.say("alone");
  await secret.next("chat_message");
  assertEquals(watcher.all("error"), []);
  assertEquals(watcher.all("chat_message").filter(({ room, account }) => room !== "lobby" || account), []);
  assertEquals(secret.all("chat_message").map(({ message }) => message), ["alone"]);
  assertEquals((await backend(service.url).ask("GET", "/healthz")).status, 200);
});

Deno.test(`${REQUESTS} hostile requests get no 500, crash nothing, and learn nothing of a private room`, async () => {
  await using service = await startService({ signup: "open" });
  const nonsense = new Nonsense(seeded(6));
  const ada = await member(service.url, "ada");
  await using secret = await ada.enter("team");
  await secret.say("xyzzy words");
  await ada.ask("PATCH", "/api/rooms/team", { private: true, title: "xyzzy title" });
  const eve = await member(service.url, "eve");
  const segment = (): string => nonsense.one([encoded(nonsense.text()), "team", "lobby", "ada", "x"]);
  const fields = [
    "username",
    "password",
    "display_name",
    "role",
    "name",
    "title",
    "members",
    "private",
    "message",
  ];
  const statuses = new Map<number, number>();
  for (let i = 0; i < REQUESTS; i++) {
    const [known, place] = nonsense.one(PLACES);
    const method = nonsense.one([
      known,
      known,
      known,
      nonsense.one(["PUT", "PATCH", "DELETE", "POST", "HEAD"]),
    ]);
    const query = nonsense.one(["", "", "?token=", "?username=", "?to=", "?before=", "?limit="]);
    const path = place.replace(/:\w+/g, segment) + nonsense.one(["", "", "/", `/${segment()}`]);
    const address = path + query + (query && encoded(nonsense.text()));
    const headers = nonsense.one<Record<string, string>>([
      {},
      { authorization: `Bearer ${encoded(nonsense.text())}` },
      { cookie: `session=${encoded(nonsense.text())}; guest=${encoded(nonsense.text())}` },
      { origin: encoded(nonsense.text()) },
      { upgrade: "websocket" },
      { "content-type": encoded(nonsense.text()).slice(0, 50) },
      { "x-forwarded-for": encoded(nonsense.text()), "x-forwarded-proto": "https" },
    ]);
    const hasBody = !["GET", "HEAD", "OPTIONS"].includes(method) && nonsense.one([true, false]);
    const answer = await (i % 2 ? eve : new Visitor(service.url)).ask(
      method,
      address,
      hasBody
        ? nonsense.one<unknown>([
          nonsense.value(),
          Object.fromEntries(fields.map((field) => [field, nonsense.value()])),
          Object.fromEntries(fields.map((field) => [field, nonsense.text()])),
        ])
        : undefined,
      headers,
    );
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    assert(answer.status < 500, `${method} ${address} ${JSON.stringify(headers)}: ${answer.status}`);
    assert(!/xyzzy/.test(JSON.stringify(answer.body)), address);
  }
  // Nonsense that only ever misses would show little.
  for (const status of [200, 400, 401, 403, 404]) {
    assert((statuses.get(status) ?? 0) > 40, JSON.stringify([...statuses]));
  }
  assertEquals((await ada.ask("GET", "/api/session")).body.user.username, "ada");
  await secret.say("still here");
});

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
