import { assert, assertEquals, assertMatch } from "@std/assert";
import { tokenCommand } from "../../routes/commands/token.ts";
import { userCommand } from "../../routes/commands/user.ts";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { startProcess } from "../support/process.ts";
import { startService, temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const bearing = (origin: string, token: string): Visitor =>
  new Visitor(origin, { authorization: `Bearer ${token}` });

Deno.test("POST tokens shows a token once; with it a program is its owner, over HTTP and on sockets", async () => {
  await using service = await startService();
  const ada = await member(service.url, "Ada");
  const { status, body } = await ada.ask("POST", "/api/tokens", { name: "my script", expires_in_days: 30 });
  assertEquals([status, body.name, body.role], [201, "my script", "own"]);
  const program = bearing(service.url, body.token);
  assertEquals((await program.ask("GET", "/api/session")).body.user.username, "Ada");
  await using socket = await new Visitor(service.url).enter("lobby", `?token=${body.token}&username=Eve`);
  socket.send({ message: "hi", username: "Eve" });
  const frame = await socket.next("chat_message");
  assertEquals([frame.user, frame.account], ["Ada", true]);
  const { body: { tokens: [listed] } } = await ada.ask("GET", "/api/tokens");
  assertEquals([listed.id, listed.token], [body.id, undefined]);
  assertMatch(listed.used_at, /^\d{4}-/);
  assert(!JSON.stringify(listed).includes(body.token.split(".")[2]));
});

Deno.test("A token ends when it is revoked, and with it its sockets", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const { body: { id, token } } = await ada.ask("POST", "/api/tokens", { name: "script" });
  const socket = await new Visitor(service.url).enter("lobby", `?token=${token}`);
  const bo = await member(service.url, "bo");
  assertEquals(await bo.outcome("DELETE", `/api/tokens/${id}`), [404, "not_found"]);
  assertEquals(await ada.outcome("DELETE", `/api/tokens/${id}`), [200]);
  assertEquals((await socket.closed).code, 4001);
  assertEquals(await bearing(service.url, token).outcome("GET", "/api/session"), [401, "not_signed_in"]);
});

Deno.test("Tokens of the service are for admins and the service to make, and do what SERVICE_TOKEN does", async () => {
  await using service = await startService();
  const wanted = { name: "shop", role: "service" };
  const ada = await member(service.url, "ada");
  assertEquals(await ada.outcome("POST", "/api/tokens", wanted), [403, "not_allowed"]);
  assertEquals(await ada.outcome("POST", "/api/tokens", { name: "x", role: "admin" }), [403, "not_allowed"]);
  assertEquals(await new Visitor(service.url).outcome("POST", "/api/tokens", wanted), [401, "not_signed_in"]);
  const root = await member(service.url, "root", "admin");
  for (const maker of [root, backend(service.url)]) {
    const { body: { token } } = await maker.ask("POST", "/api/tokens", wanted);
    const shop = bearing(service.url, token);
    const said = await shop.ask("POST", "/api/rooms/lobby/messages", { message: "hi", username: "Shop" });
    assertEquals([said.status, said.body.username, said.body.account], [201, "Shop", undefined]);
    assertEquals((await shop.outcome("GET", "/api/log"))[0], 200);
    // A token that could make others would outlive its end.
    assertEquals(await shop.outcome("POST", "/api/tokens", wanted), [403, "not_allowed"]);
  }
  // Whoever is no admin any more has no service's tokens either.
  const { body: { token } } = await root.ask("POST", "/api/tokens", wanted);
  await member(service.url, "other", "admin");
  await backend(service.url).ask("PATCH", "/api/users/root", { role: "user" });
  assertEquals(await bearing(service.url, token).outcome("GET", "/api/log"), [401, "not_signed_in"]);
});

Deno.test("Tokens of an account end with its password, new or reset, unless they are to be kept", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada", "admin");
  const root = backend(service.url);
  const next = "another horse battery";
  const changes = [
    () => ada.ask("POST", "/api/account/password", { password: PASSWORD, new_password: next }),
    () => root.ask("PATCH", "/api/users/ada", { password: PASSWORD }),
  ];
  for (const change of changes) {
    const signedIn = change === changes[0] ? ada : await Visitor.signedIn(service.url, "ada", next);
    const made = await Promise.all(
      [{ name: "own" }, { name: "service", role: "service" }].map((wanted) =>
        signedIn.ask("POST", "/api/tokens", wanted)
      ),
    );
    const socket = await new Visitor(service.url).enter("lobby", `?token=${made[0].body.token}`);
    assertEquals((await change()).status, 200);
    assertEquals((await socket.closed).code, 4001);
    for (const { body: { token } } of made) {
      assertEquals(await bearing(service.url, token).outcome("GET", "/api/session"), [401, "not_signed_in"]);
    }
  }
  const back = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const { body: { token } } = await back.ask("POST", "/api/tokens", { name: "kept" });
  const kept = { password: PASSWORD, new_password: next, keep_tokens: true };
  assertEquals(await back.outcome("POST", "/api/account/password", kept), [200]);
  assertEquals(await root.outcome("PATCH", "/api/users/ada", { password: PASSWORD, keep_tokens: true }), [
    200,
  ]);
  assertEquals((await bearing(service.url, token).outcome("GET", "/api/session"))[0], 200);
});

Deno.test("A session that ends while it makes a token leaves none behind", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const makers = await Promise.all(
    Array.from({ length: 4 }, () => Visitor.signedIn(service.url, "ada", PASSWORD)),
  );
  const first = Promise.withResolvers<void>();
  let isChanged = false;
  const making = makers.map(async (maker) => {
    while (!isChanged) {
      const { body } = await maker.ask("POST", "/api/tokens", { name: "late" });
      if (body.token) first.resolve();
    }
  });
  await first.promise;
  const passwords = { password: PASSWORD, new_password: "another horse battery" };
  assertEquals((await ada.ask("POST", "/api/account/password", passwords)).status, 200);
  isChanged = true;
  await Promise.all(making);
  assertEquals((await ada.ask("GET", "/api/tokens")).body.tokens, []);
});

Deno.test("No token makes admins, sets passwords or deletes accounts; a session and SERVICE_TOKEN do", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  await member(service.url, "bo");
  const wanted = [{ name: "own" }, { name: "service", role: "service" }];
  const tokens = await Promise.all(wanted.map((token) => root.ask("POST", "/api/tokens", token)));
  const shop = await backend(service.url).ask("POST", "/api/tokens", { name: "shop" });
  const admin = { username: "eve", password: PASSWORD, role: "admin" };
  const calls: [string, string, object?][] = [
    ["POST", "/api/users", admin],
    ["PATCH", "/api/users/bo", { role: "admin" }],
    ["PATCH", "/api/users/bo", { password: "a stolen horse battery" }],
    ["DELETE", "/api/users/bo"],
  ];
  for (const { body: { token } } of [...tokens, shop]) {
    for (const [method, path, body] of calls) {
      assertEquals(await bearing(service.url, token).outcome(method, path, body), [403, "not_allowed"], path);
    }
  }
  const { body: { token } } = tokens[0];
  const made = await bearing(service.url, token).outcome("POST", "/api/users", {
    ...admin,
    username: "cy",
    role: "user",
  });
  assertEquals(made, [201]);
  for (const [i, keeper] of [root, backend(service.url)].entries()) {
    assertEquals(await keeper.outcome("POST", "/api/users", { ...admin, username: `eve${i}` }), [201]);
    assertEquals(await keeper.outcome("PATCH", "/api/users/bo", { password: PASSWORD }), [200]);
  }
});

Deno.test("A session's text is no token, nor a token's a session", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const { body: { token } } = await ada.ask("POST", "/api/tokens", { name: "script" });
  const session = ada.cookies.get("session") ?? "";
  assertEquals((await bearing(service.url, session).outcome("GET", "/api/session"))[0], 401);
  const { body } = await new Visitor(service.url, { cookie: `session=${token}` }).ask("GET", "/api/session");
  assertEquals(body.user.role, "guest");
});

Deno.test("Whoever sends a token that is none, or several, is told so, and isn't taken for a guest", async () => {
  await using service = await startService();
  for (
    const wrong of [
      "Bearer",
      "Bearer  ",
      "bearer x",
      `Bearer ${TOKEN} ${TOKEN}`,
      `Bearer ${TOKEN},x`,
      "Bearer\tx",
    ]
  ) {
    const program = new Visitor(service.url, { authorization: wrong });
    assertEquals(await program.outcome("GET", "/api/session"), [401, "not_signed_in"], JSON.stringify(wrong));
  }
  // A proxy may ask for a password of its own.
  const proxied = new Visitor(service.url, { authorization: `Basic ${btoa("ada:x")}` });
  assertEquals((await proxied.ask("GET", "/api/session")).body.user.role, "guest");
});

Deno.test("deno task user and token look after the running service, or say why they can't", async () => {
  await using service = await startService();
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const around = { url: service.url, serviceToken: TOKEN, print, complain: print };
  const said = (): string => lines.splice(0).join("\n");
  assertEquals(await userCommand(["add", "Ada", "--role", "admin", "--display", "Ada L."], around), 0);
  const [, password] = /^The password of Ada is (\w{20})$/.exec(said()) ?? [];
  const ada = await Visitor.signedIn(service.url, "ada", password);
  assertEquals(await userCommand(["list"], around), 0);
  assertMatch(said(), /^Ada {2}admin {2}\S+ {2}\(Ada L\.\)$/);
  assertEquals(await userCommand(["role", "ada", "user"], around), 1);
  assertMatch(said(), /last admin/);
  assertEquals(await userCommand(["add", "root", "--role", "admin"], around), 0);
  assertEquals(await userCommand(["role", "ada", "user"], around), 0);
  assertEquals((await ada.ask("GET", "/api/session")).body.user.role, "user");
  said();
  assertEquals(await userCommand(["password", "ada"], around), 0);
  await Visitor.signedIn(service.url, "ada", said().split(" ").pop() ?? "");
  assertEquals(await userCommand(["add", "ADA"], around), 1);
  assertMatch(said(), /taken/);
  assertEquals(await userCommand(["remove", "ada"], around), 0);
  assertEquals(await userCommand(["remove", "ada"], around), 1);
  for (const words of [[], ["add"], ["list", "x"], ["role", "ada"], ["add", "x", "--what", "y"]]) {
    said();
    assertEquals(await userCommand(words, around), 2);
    assertMatch(said(), /^Usage: deno task user/);
  }
  assertEquals(await tokenCommand(["add", "shop", "--days", "7"], around), 0);
  const shop = bearing(service.url, said());
  assertEquals((await shop.outcome("GET", "/api/log"))[0], 200);
  assertEquals(await tokenCommand(["list"], around), 0);
  const [id, name] = said().split("  ");
  assertEquals(name, "shop");
  assertEquals(await tokenCommand(["remove", id], around), 0);
  assertEquals((await shop.outcome("GET", "/api/log"))[0], 401);
  said();
  assertEquals(await tokenCommand(["remove", "-an-id-of-none"], around), 1);
  assertEquals(await tokenCommand(["add"], around), 2);
  assertEquals(await tokenCommand(["list"], { ...around, serviceToken: undefined }), 2);
  assertMatch(said(), /SERVICE_TOKEN is not set/);
  assertEquals(await tokenCommand(["list"], { ...around, url: "http://127.0.0.1:9" }), 1);
});

Deno.test("The log holds no passwords, tokens or cookies, at its most talkative", async () => {
  await using directory = await temporaryDirectory();
  const secrets = { SERVICE_TOKEN: "a-service-token-to-hide", ADMIN_PASSWORD: "an admin's password" };
  await using service = await startProcess({
    ...secrets,
    ADMIN_USERNAME: "root",
    LOG_LEVEL: "debug",
    KV_PATH: `${directory.path}/talksheet.db`,
    LOG_CSV_PATH: `${directory.path}/ChatLogs.csv`,
  });
  const root = await Visitor.signedIn(service.url, "root", secrets.ADMIN_PASSWORD);
  const { body: { token } } = await root.ask("POST", "/api/tokens", { name: "script" });
  const wrong = "a wrong password to hide";
  await root.ask("POST", "/api/session", { username: "root", password: wrong });
  await using socket = await new Visitor(service.url).enter("lobby", `?token=${token}`);
  await socket.say("words to hide");
  await new Visitor(service.url).ask("GET", `/api/rooms/lobby/messages?token=${secrets.SERVICE_TOKEN}`);
  await new Visitor(service.url).ask("GET", `/nothing?token=${token}`);
  await service.end("SIGTERM");
  const log = JSON.stringify(service.log);
  assert(log.includes("started"));
  for (const secret of [...Object.values(secrets), token, root.cookie, wrong, "words to hide", "scrypt"]) {
    assert(!log.includes(secret), secret);
  }
});
