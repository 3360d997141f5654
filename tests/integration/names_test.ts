import { assertEquals } from "@std/assert";
import { foldOnce } from "../../rooms/access/fold_name.ts";
import { backend, PASSWORD } from "../support/cast.ts";
import { Client, roomAddress } from "../support/client.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const TAKEN = [
  "Ada\u0000",
  "\u0001Ada",
  "A\u007fda",
  "Ada\u0085",
  "A\u202eda",
  "\ufeffADA",
  "Ａ\u0000ｄａ",
  "a\u200bda",
];
const REFUSED = [
  "bo ✓",
  "bo✔",
  "bo☑️",
  "b\ufff9o",
  "bo\u2800",
  "\u3164",
  "bo\u00ad",
  "bo\u{e0041}",
  "b\u0378o",
  "bo\ue000",
];
const RESERVED = ["system", "ＳＹＳＴＥＭ", "管理員", "系統", "Admin", "service"];

Deno.test("A guest never speaks under an account's name, whatever stands in it that isn't seen", async () => {
  await using service = await startService();
  await backend(service.url).ask("POST", "/api/users", { username: "Ada", password: PASSWORD });
  await using nameless = await Client.enter(service.url, "lobby");
  for (const [i, username] of TAKEN.entries()) {
    nameless.send({ message: "hi", username, client_id: `c${i}` });
    const { code, client_id: clientId } = await nameless.next("error");
    assertEquals([code, clientId], ["name_taken", `c${i}`], JSON.stringify(username));
    const address = `${roomAddress(service.url, "lobby")}?username=${encodeURIComponent(username)}`;
    assertEquals((await new Client(address).closed).code, 4003, JSON.stringify(username));
  }
  await nameless.say("nobody in particular");
  assertEquals(nameless.all("chat_message").map(({ username }) => username), ["Anonymous"]);
});

const ALIKE = ["аda", "Аdа", "🅰da", "a\u0338da", "ᴀᴅᴀ", "Ada®", "小 安", "Аnn Lее", "AnnLee", "Ann 1ee"];

Deno.test("A guest never speaks under a name that looks like an account's, and nobody signs up under one", async () => {
  await using directory = await temporaryDirectory();
  {
    await using service = await startService({}, directory.path);
    await using early = await Client.enter(service.url, "lobby", "?username=аda");
    const root = backend(service.url);
    await root.ask("POST", "/api/users", { username: "Ada", password: PASSWORD });
    assertEquals((await early.closed).code, 4003);
    await root.ask("POST", "/api/users", { username: "an", password: PASSWORD, display_name: "小安" });
    await root.ask("POST", "/api/users", { username: "Ann Lee", password: PASSWORD });
    // Admins know whom they make accounts for.
    assertEquals(await root.outcome("POST", "/api/users", { username: "Аnn 1ee", password: PASSWORD }), [
      201,
    ]);
  }
  // After a start, names are read before the first guest is let in.
  await using service = await startService({ signup: "open" }, directory.path);
  const visitor = new Visitor(service.url);
  for (const username of ALIKE) {
    const address = `${roomAddress(service.url, "lobby")}?username=${encodeURIComponent(username)}`;
    assertEquals((await new Client(address).closed).code, 4003, username);
    for (const names of [{ username }, { username: "dee", display_name: username }]) {
      const made = await visitor.outcome("POST", "/api/users", { ...names, password: PASSWORD });
      assertEquals(made, [409, "username_taken"], username);
    }
  }
  await using other = await Client.enter(service.url, "lobby", "?username=Ada L");
  await other.say("hi");
  const ada = await Visitor.signedIn(service.url, "Ada", PASSWORD);
  const rename = async (name: string) => await ada.outcome("PATCH", "/api/account", { display_name: name });
  assertEquals([await rename("小 安"), await rename("A d a")], [[409, "username_taken"], [200]]);
});

Deno.test("Nobody has a name with a check mark, with what nobody sees, or of the service", async () => {
  await using service = await startService();
  await using nameless = await Client.enter(service.url, "lobby");
  for (const [i, username] of [...REFUSED, ...RESERVED].entries()) {
    nameless.send({ message: "hi", username, client_id: `c${i}` });
    const { code, client_id: clientId } = await nameless.next("error");
    assertEquals([code, clientId], ["name_refused", `c${i}`], JSON.stringify(username));
    const query = `?username=${encodeURIComponent(username)}`;
    assertEquals((await new Client(roomAddress(service.url, "lobby") + query).closed).code, 4003);
    assertEquals(
      await new Visitor(service.url).outcome("GET", `/api/rooms/lobby/messages${query}`),
      [400, "invalid_username"],
    );
    // Somebody who signs in by the name of an admin has been given it, or came first.
    if (username === "Admin") continue;
    for (const names of [{ username }, { username: `user${i}`, display_name: username }]) {
      const made = await backend(service.url).outcome("POST", "/api/users", {
        ...names,
        password: PASSWORD,
      });
      assertEquals(made, [400, "invalid_username"], JSON.stringify(names));
    }
  }
  for (const username of ["👨‍👩‍👧", "علی‌رضا", "葛\u{e0100}城", "José", "小安❤️"]) {
    nameless.send({ message: "hi", username });
    assertEquals((await nameless.next("chat_message")).username, username);
  }
});

Deno.test("Accounts whose names an earlier version stored are found, and nobody else can have them", async () => {
  await using directory = await temporaryDirectory();
  const made = ["GROẞ", "bo ✓", "system"];
  {
    await using service = await startService({}, directory.path);
    const root = backend(service.url);
    for (const i of made.keys()) {
      assertEquals(await root.outcome("POST", "/api/users", { username: `a${i}`, password: PASSWORD }), [
        201,
      ]);
    }
  }
  {
    // As it stands where names were folded once, and nothing was refused.
    using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
    await kv.delete(["account_names"]);
    for await (const { key, value } of kv.list<{ username: string }>({ prefix: ["account"] })) {
      const username = made[Number(value.username.slice(1))];
      await kv.delete(["account_name", value.username]);
      await kv.set(["account_name", foldOnce(username)], key[1]);
      await kv.set(key, { ...value, username, displayName: username });
    }
  }
  await using service = await startService({}, directory.path);
  for (const username of made) await Visitor.signedIn(service.url, username, PASSWORD);
  await Visitor.signedIn(service.url, "groß", PASSWORD);
  await Visitor.signedIn(service.url, "gross", PASSWORD);
  const root = backend(service.url);
  for (const username of ["groß", "GROSS", "GROẞ"]) {
    assertEquals(await root.outcome("POST", "/api/users", { username, password: PASSWORD }), [
      409,
      "username_taken",
    ]);
  }
  assertEquals(await root.outcome("DELETE", `/api/users/${encodeURIComponent("GROẞ")}`), [200]);
  assertEquals(await root.outcome("POST", "/api/users", { username: "gross", password: PASSWORD }), [201]);
});
