/** Looking after accounts: one's own, and others'. */
import { assertEquals } from "@std/assert";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const LAST = [409, "last_admin"] as const;

Deno.test("Accounts keep an admin, whoever wants the last one away and however many at once", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const all = backend(service.url);
  assertEquals(await root.outcome("PATCH", "/api/users/root", { role: "user" }), [...LAST]);
  assertEquals(await all.outcome("PATCH", "/api/users/root", { role: "user" }), [...LAST]);
  assertEquals(await all.outcome("DELETE", "/api/users/root"), [...LAST]);
  assertEquals(await root.outcome("DELETE", "/api/account", { password: PASSWORD }), [...LAST]);
  const names = ["a", "b", "c", "d"];
  for (const name of names) await member(service.url, name, "admin");
  const everybody = ["root", ...names];
  const outcomes = await Promise.all(
    everybody.map((name, i) =>
      i % 2
        ? all.outcome("DELETE", `/api/users/${name}`)
        : all.outcome("PATCH", `/api/users/${name}`, { role: "user" })
    ),
  );
  assertEquals(outcomes.filter(([status]) => status === 200).length, everybody.length - 1);
  const { body } = await all.ask("GET", "/api/users");
  assertEquals(body.users.filter(({ role }: { role: string }) => role === "admin").length, 1);
});

Deno.test("Accounts change the name that others read: it is theirs from then on, and the old one is free", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  const rename = (who: Visitor, name: string) => who.outcome("PATCH", "/api/account", { display_name: name });
  assertEquals(await rename(ada, " 小安 "), [200]);
  assertEquals((await ada.ask("GET", "/api/session")).body.user.display_name, "小安");
  for (const taken of ["小安", "ADA", "ada"]) assertEquals(await rename(bo, taken), [409, "username_taken"]);
  assertEquals(await rename(bo, "Anonymous"), [400, "invalid_username"]);
  assertEquals(await rename(new Visitor(service.url), "x"), [401, "not_signed_in"]);
  // One's own name in another case is one's own.
  assertEquals(await rename(ada, "Ada"), [200]);
  assertEquals(await rename(bo, "小安"), [200]);
  assertEquals(await rename(bo, ""), [200]);
  assertEquals((await bo.ask("GET", "/api/session")).body.user.display_name, "bo");
  await Visitor.signedIn(service.url, "ada", PASSWORD);
});

Deno.test("Accounts say that the password is wrong where only it was asked for", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const wrong = { password: "not this one", new_password: "another one it is" };
  assertEquals(await ada.outcome("POST", "/api/account/password", wrong), [401, "wrong_own_password"]);
  assertEquals(await ada.outcome("DELETE", "/api/account", { password: "not this one" }), [
    401,
    "wrong_own_password",
  ]);
  const signIn = { username: "ada", password: "not this one" };
  assertEquals(await ada.outcome("POST", "/api/session", signIn), [401, "wrong_password"]);
});

Deno.test("MessageLog name all members of a list that nobody is", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  await member(service.url, "ada");
  const { status, body } = await root.ask("PATCH", "/api/rooms/team", {
    members: ["nobody", "ada", "noone"],
  });
  assertEquals([status, body.code, body.names], [400, "unknown_account", ["nobody", "noone"]]);
});

Deno.test("An admin who sets their own password stays signed in there, and nowhere else", async () => {
  await using service = await startService();
  const root = await member(service.url, "root", "admin");
  const phone = await Visitor.signedIn(service.url, "root", PASSWORD);
  assertEquals(await root.outcome("PATCH", "/api/users/root", { password: "another horse battery" }), [200]);
  assertEquals(await root.outcome("GET", "/api/users"), [200]);
  assertEquals((await phone.ask("GET", "/api/session")).body.user.role, "guest");
});
