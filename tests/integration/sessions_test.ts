import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { AccountError, Accounts } from "../../rooms/access/accounts.ts";
import { Credentials, SESSIONS } from "../../rooms/access/credentials.ts";
import { Passwords } from "../../rooms/access/passwords.ts";
import { ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { systemClock } from "../../rooms/clock.ts";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const ADA = { username: "ada", password: PASSWORD };

Deno.test("POST session signs in, GET says who, DELETE signs out", async () => {
  await using service = await startService();
  await member(service.url, "ada");
  const ada = new Visitor(service.url);
  assertEquals((await ada.ask("GET", "/api/session")).body.user, { username: "Anonymous", role: "guest" });
  const { status, headers, body } = await ada.ask("POST", "/api/session", ADA);
  assertEquals([status, body.user.username, headers.get("cache-control")], [200, "ada", "no-store"]);
  const [cookie] = headers.getSetCookie();
  assertMatch(cookie, /^session=[\w.-]{80,}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
  assertEquals((await ada.ask("GET", "/api/session")).body.user.username, "ada");
  const { cookie: before } = ada;
  assertEquals(await ada.outcome("DELETE", "/api/session"), [200]);
  assertEquals(ada.cookies.size, 0);
  const thief = new Visitor(service.url, { cookie: before });
  assertEquals((await thief.ask("GET", "/api/session")).body.user.role, "guest");
});

Deno.test("POST session says the same, after the same time, for a wrong password and for a name that nobody has", async () => {
  await using service = await startService();
  await member(service.url, "ada");
  const visitor = new Visitor(service.url);
  const timed = async (username: string): Promise<[number, unknown]> => {
    const began = performance.now();
    const { status, body } = await visitor.ask("POST", "/api/session", {
      username,
      password: "wrong password",
    });
    return [performance.now() - began, [status, body]];
  };
  let [knownMs, unknownMs] = [Infinity, Infinity];
  // The fastest of some, because whatever else the machine does only ever adds.
  for (let time = 0; time < 4; time++) {
    const [oneMs, known] = await timed("ada");
    const [otherMs, unknown] = await timed("nobody");
    assertEquals(known, unknown);
    assertEquals(known, [401, { error: "The name or the password is wrong", code: "wrong_password" }]);
    [knownMs, unknownMs] = [Math.min(knownMs, oneMs), Math.min(unknownMs, otherMs)];
  }
  // Without the work for a name that nobody has, its answer would take a tenth of the time.
  assert(unknownMs > knownMs / 3, `${unknownMs} ms against ${knownMs} ms`);
});

Deno.test("POST session makes a new session each time, and ends the one it was asked with", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const before = ada.cookie;
  await ada.ask("POST", "/api/session", ADA);
  assertNotEquals(ada.cookie, before);
  assertEquals(
    (await new Visitor(service.url, { cookie: before }).ask("GET", "/api/session")).body.user.role,
    "guest",
  );
  // A session that somebody else chose is never taken over.
  const fixed = new Visitor(service.url);
  fixed.cookies.set("session", "chosen.by.somebody");
  await fixed.ask("POST", "/api/session", ADA);
  assertNotEquals(fixed.cookies.get("session"), "chosen.by.somebody");
});

Deno.test("POST session makes who guesses wait longer and longer, and says how long", async () => {
  await using service = await startService();
  await member(service.url, "ada");
  const guess = async (i: number): Promise<number> => {
    const username = i % 2 ? "ada" : "ＡＤＡ";
    const password = `wrong password ${i}`;
    return (await new Visitor(service.url).ask("POST", "/api/session", { username, password })).status;
  };
  // All at once: one after the other they might take longer than the wait.
  const guesses = Array.from({ length: 8 }, (_, i) => guess(i));
  await Promise.race(
    guesses.map((status) => status.then((status) => status === 429 || new Promise(() => {}))),
  );
  // Even the right password waits: the wait says nothing.
  const { status, headers, body } = await new Visitor(service.url).ask("POST", "/api/session", ADA);
  assertEquals([status, body.code, headers.get("retry-after")], [429, "rate_limited", "1"]);
  assertEquals((await Promise.all(guesses)).toSorted(), [401, 401, 401, 401, 401, 401, 429, 429]);
  assert(body.retry_after_ms > 0 && body.retry_after_ms <= 1_000);
});

Deno.test("Cookies are Secure and bound to the host behind TLS, as a trusted proxy tells", async () => {
  await using service = await startService({ trustProxy: 1 });
  await member(service.url, "ada");
  const behind = new Visitor(service.url, { "x-forwarded-proto": "https" });
  const { headers } = await behind.ask("POST", "/api/session", ADA);
  assertMatch(headers.getSetCookie()[0], /^__Host-session=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  assertEquals((await behind.ask("GET", "/api/session")).body.user.username, "ada");

  await using alone = await startService();
  await member(alone.url, "ada");
  const liar = new Visitor(alone.url, { "x-forwarded-proto": "https" });
  assertMatch((await liar.ask("POST", "/api/session", ADA)).headers.getSetCookie()[0], /^session=/);
});

Deno.test("GET sessions lists one's own, and DELETE ends one, or all others", async () => {
  await using service = await startService();
  const first = await member(service.url, "ada");
  const second = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const third = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const bo = await member(service.url, "bo");
  const { body } = await second.ask("GET", "/api/sessions");
  assertEquals(body.sessions.map(({ current }: { current: boolean }) => current), [false, true, false]);
  const [{ id }] = body.sessions;
  assertEquals(await bo.outcome("DELETE", `/api/sessions/${id}`), [404, "not_found"]);
  assertEquals(await second.outcome("DELETE", `/api/sessions/${id}`), [200]);
  assertEquals((await first.ask("GET", "/api/session")).body.user.role, "guest");
  assertEquals(await second.outcome("DELETE", "/api/sessions"), [200]);
  assertEquals((await third.ask("GET", "/api/session")).body.user.role, "guest");
  assertEquals((await second.ask("GET", "/api/session")).body.user.username, "ada");
  assertEquals((await bo.ask("GET", "/api/session")).body.user.username, "bo");
});

Deno.test("A new password ends all sessions but a new one; deleting the account ends everything", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const other = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const wrong = { password: "not the password", new_password: "another password" };
  assertEquals(await ada.outcome("POST", "/api/account/password", wrong), [401, "wrong_own_password"]);
  const right = { password: PASSWORD, new_password: "another password" };
  assertEquals(await ada.outcome("POST", "/api/account/password", right), [200]);
  assertEquals((await other.ask("GET", "/api/session")).body.user.role, "guest");
  assertEquals((await ada.ask("GET", "/api/sessions")).body.sessions.length, 1);
  assertEquals(await ada.outcome("DELETE", "/api/account", { password: PASSWORD }), [
    401,
    "wrong_own_password",
  ]);
  assertEquals(await ada.outcome("DELETE", "/api/account", { password: "another password" }), [200]);
  assertEquals(ada.cookies.size, 0);
  const again = { username: "ada", password: "another password" };
  assertEquals(await ada.outcome("POST", "/api/session", again), [401, "wrong_password"]);
});

Deno.test("Sockets of a session close with 4001 when it is revoked, and no others", async () => {
  await using service = await startService();
  const phone = await member(service.url, "ada");
  const desk = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const lost = await phone.enter("lobby");
  await using kept = await desk.enter("lobby");
  await phone.ask("DELETE", "/api/session");
  assertEquals((await lost.closed).code, 4001);
  await kept.say("still here");
});

Deno.test("Sockets of a session close with 4001 soon when another process revokes it", async () => {
  await using directory = await temporaryDirectory();
  await using here = await startService({ fanOut: "broadcast" }, directory.path);
  await using there = await startService({ fanOut: "broadcast" }, directory.path);
  const ada = await member(here.url, "ada");
  const socket = await ada.enter("lobby");
  await new Visitor(there.url, { cookie: ada.cookie }).ask("DELETE", "/api/session");
  assertEquals((await socket.closed).code, 4001);
});

Deno.test("Sockets close with 4001 when their account is removed, and go on when its role changes", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const socket = await ada.enter("lobby");
  await member(service.url, "root", "admin");
  await backend(service.url).ask("PATCH", "/api/users/ada", { role: "admin" });
  await socket.say("still here");
  await backend(service.url).ask("DELETE", "/api/users/ada");
  assertEquals((await socket.closed).code, 4001);
});

Deno.test("Credentials aren't issued on a password that was changed while it was checked", async () => {
  const kv = await Deno.openKv(":memory:");
  const changes = new ChangeFeed(kv, systemClock);
  const accounts = new Accounts({ kv, changes, passwords: new Passwords(8), now: Date.now });
  const sessions = new Credentials(SESSIONS, { kv, changes, now: Date.now });
  const { id } = await accounts.create({ ...ADA, role: "user" });
  const proof = await accounts.signIn("ada", PASSWORD);
  await accounts.changePassword(id, "another password");
  const terms = { name: "", role: "own", lifeMs: undefined, unchanged: proof?.unchanged } as const;
  await assertRejects(() => sessions.issue(id, terms), AccountError, "changed meanwhile");
  assertEquals(await sessions.list(id), []);
  kv.close();
});

Deno.test("Credentials slide while they are used, and end at the latest when they are to", async () => {
  const kv = await Deno.openKv(":memory:");
  let now = Date.now();
  const DAY = 24 * 60 * 60 * 1000;
  const sessions = new Credentials(SESSIONS, {
    kv,
    changes: new ChangeFeed(kv, { ...systemClock, now: () => now }),
    now: () => now,
  });
  const { text } = await sessions.issue("service", { name: "", role: "own", lifeMs: 30 * DAY });
  for (let day = 0; day < 29; day += 10) {
    assert(await sessions.bearer(text), `day ${day}`);
    now += 10 * DAY;
  }
  assertEquals(await sessions.bearer(text), undefined, "after 30 days");
  const { text: unused } = await sessions.issue("service", { name: "", role: "own", lifeMs: 90 * DAY });
  now += 14 * DAY;
  assertEquals(await sessions.bearer(unused), undefined, "after two weeks without use");
  kv.close();
});

Deno.test("Credentials keeps no secret, only its hash", async () => {
  const kv = await Deno.openKv(":memory:");
  const sessions = new Credentials(SESSIONS, { kv, changes: new ChangeFeed(kv, systemClock), now: Date.now });
  const { text } = await sessions.issue("service", { name: "", role: "own", lifeMs: undefined });
  const secret = text.split(".")[2];
  const stored = await Array.fromAsync(
    kv.list({ prefix: [] }),
    ({ key, value }) => JSON.stringify([key, value]),
  );
  assertEquals(stored.filter((entry) => entry.includes(secret)), []);
  for (const wrong of [text.slice(0, -1), `${text}x`, text.replace(secret, "A".repeat(43)), "", "a.b.c"]) {
    assertEquals(await sessions.bearer(wrong), undefined);
  }
  kv.close();
});
