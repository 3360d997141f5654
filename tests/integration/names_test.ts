import { assertEquals } from "@std/assert";
import { backend, PASSWORD } from "../support/cast.ts";
import { Client, roomAddress } from "../support/client.ts";
import { startService } from "../support/service.ts";
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

Deno.test("Accounts whose names were stored in a former form, or couldn't be made today, are found and theirs alone", async () => {
  await using service = await startService();
  const root = backend(service.url);
  for (const username of ["GROẞ", "Straße"]) {
    assertEquals(await root.outcome("POST", "/api/users", { username, password: PASSWORD }), [201]);
  }
  assertEquals(await root.outcome("POST", "/api/users", { username: "gross", password: PASSWORD }), [
    409,
    "username_taken",
  ]);
  assertEquals(await root.outcome("POST", "/api/users", { username: "groß", password: PASSWORD }), [
    409,
    "username_taken",
  ]);
  await Visitor.signedIn(service.url, "groß", PASSWORD);
});
