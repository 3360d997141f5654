import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Passwords } from "../../rooms/access/passwords.ts";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

Deno.test("Passwords keeps a scrypt hash with its parameters, another one each time", async () => {
  const passwords = new Passwords();
  const kept = await passwords.hash("Ｐassword 1");
  assertMatch(kept, /^scrypt:14:8:5:[\w-]{22}:[\w-]{43}$/);
  assertNotEquals(kept, await passwords.hash("Ｐassword 1"));
  assert(await passwords.matches("Password 1", kept));
  assert(!await passwords.matches("password 1", kept));
  assert(!await passwords.matches("Password 1", undefined));
});

Deno.test("POST users makes an account once, whatever the case or width of its name", async () => {
  await using service = await startService();
  const shop = backend(service.url);
  const { status, body } = await shop.ask("POST", "/api/users", {
    username: "Ada",
    password: PASSWORD,
    display_name: "Ada Lovelace",
  });
  assertEquals([status, body.user.username, body.user.display_name, body.user.role], [
    201,
    "Ada",
    "Ada Lovelace",
    "user",
  ]);
  assert(!JSON.stringify(body).includes("scrypt"));
  const taken = ["ADA", "Ａｄａ", "a\u200bda", "ada lovelace"];
  for (const username of taken) {
    assertEquals(await shop.outcome("POST", "/api/users", { username, password: PASSWORD }), [
      409,
      "username_taken",
    ]);
  }
  // Nor can another account be called so.
  const posing = { username: "eve", password: PASSWORD, display_name: "ada LOVELACE" };
  assertEquals(await shop.outcome("POST", "/api/users", posing), [409, "username_taken"]);
});

Deno.test("POST users lets only one of many have a name at once", async () => {
  await using service = await startService();
  const names = ["Ada", "ADA", "ada", "Ａｄａ", "aDa", "adA"];
  const answers = await Promise.all(
    names.map((username) =>
      backend(service.url).outcome("POST", "/api/users", { username, password: PASSWORD })
    ),
  );
  assertEquals(answers.filter(([status]) => status === 201).length, 1);
  assertEquals(answers.filter(([status]) => status === 409).length, names.length - 1);
});

Deno.test("POST users refuses names and passwords that can't be, and says what is wanted", async () => {
  await using service = await startService();
  const shop = backend(service.url);
  const cases: [body: unknown, code: string][] = [
    [{ username: "", password: PASSWORD }, "invalid_username"],
    [{ username: "Anonymous", password: PASSWORD }, "invalid_username"],
    [{ username: "ada", password: "short" }, "invalid_password"],
    [{ username: "ada", password: "x".repeat(257) }, "invalid_password"],
    [{ username: "Ada Lovelace", password: "ADA LOVELACE" }, "invalid_password"],
    [{ username: 5, password: PASSWORD }, "invalid_request"],
    [{ username: "ada", password: PASSWORD, role: "service" }, "invalid_request"],
  ];
  for (const [body, code] of cases) assertEquals(await shop.outcome("POST", "/api/users", body), [400, code]);
});

Deno.test("POST users is for admins and the service where sign-up is closed, and for anyone where it is open", async () => {
  await using closed = await startService();
  const ada = { username: "ada", password: PASSWORD };
  assertEquals(await new Visitor(closed.url).outcome("POST", "/api/users", ada), [401, "not_signed_in"]);
  const bo = await member(closed.url, "bo");
  assertEquals(await bo.outcome("POST", "/api/users", ada), [403, "not_allowed"]);
  const root = await member(closed.url, "root", "admin");
  assertEquals(await root.outcome("POST", "/api/users", ada), [201]);

  await using open = await startService({ signup: "open", auth: "required" });
  const guest = new Visitor(open.url);
  assertEquals(await guest.outcome("POST", "/api/users", { ...ada, role: "admin" }), [401, "not_signed_in"]);
  assertEquals(await guest.outcome("POST", "/api/users", ada), [201]);
  assertEquals((await Visitor.signedIn(open.url, "ADA", PASSWORD)).cookies.size, 1);
});

Deno.test("start() makes the admin that the environment names, at the first start only", async () => {
  await using service = await startService({ adminUsername: "root", adminPassword: PASSWORD });
  const root = await Visitor.signedIn(service.url, "root", PASSWORD);
  assertEquals((await root.ask("GET", "/api/session")).body.user.role, "admin");
  assertEquals((await root.ask("GET", "/api/users")).body.users.length, 1);
});

Deno.test("start() makes the admin once, also when two processes start at once", async () => {
  await using directory = await temporaryDirectory();
  const config = { adminUsername: "root", adminPassword: PASSWORD, fanOut: "broadcast" } as const;
  const [here, there] = await Promise.all([
    startService(config, directory.path),
    startService(config, directory.path),
  ]);
  await using _here = here;
  await using _there = there;
  for (const { url } of [here, there]) {
    const root = await Visitor.signedIn(url, "root", PASSWORD);
    assertEquals((await root.ask("GET", "/api/users")).body.users.length, 1);
  }
});

Deno.test("Admins list, change and remove accounts; users and guests don't", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const ada = await member(service.url, "ada");
  for (
    const [method, path] of [["GET", "/api/users"], ["PATCH", "/api/users/root"], [
      "DELETE",
      "/api/users/root",
    ]]
  ) {
    assertEquals(await ada.outcome(method, path, method === "PATCH" ? {} : undefined), [403, "not_allowed"]);
    assertEquals((await new Visitor(service.url).outcome(method, path))[0], 401);
  }
  const { body } = await root.ask("GET", "/api/users");
  assertEquals(body.users.map(({ username }: { username: string }) => username), ["root", "ada"]);
  assertEquals((await root.ask("PATCH", "/api/users/ADA", { role: "admin" })).body.user.role, "admin");
  assertEquals((await ada.outcome("GET", "/api/users"))[0], 200);
  assertEquals(await root.outcome("PATCH", "/api/users/ada", { password: "another password" }), [200]);
  assertEquals((await ada.outcome("GET", "/api/users"))[0], 401);
  await Visitor.signedIn(service.url, "ada", "another password");
  assertEquals(await root.outcome("DELETE", "/api/users/ada"), [200]);
  assertEquals(await root.outcome("DELETE", "/api/users/ada"), [404, "not_found"]);
  assertEquals(await member(service.url, "Ada").then(({ cookies }) => cookies.size), 1);
});
