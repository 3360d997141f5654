import { renderSVG } from "uqr";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { backend, join, member } from "../support/cast.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

async function privateRoom(origin: string, room = "team", owner = "ada"): Promise<Visitor> {
  const ada = await member(origin, owner);
  assertEquals((await ada.outcome("POST", "/api/rooms", { room, private: true }))[0], 201);
  return ada;
}

Deno.test("An invitation lets a guest into its private room alone, as the same person after a reload", async () => {
  await using service = await startService();
  const ada = await privateRoom(service.url);
  await ada.outcome("POST", "/api/rooms", { room: "other", private: true });
  await using own = await ada.enter("team");
  await own.say("secret");
  const { status, body: invite } = await ada.ask("POST", "/api/rooms/team/invites", {
    uses: 1,
    name: "Visitor",
  });
  assertEquals(status, 201);
  assertMatch(invite.code, /^[\w-]{22}$/);
  assertEquals(invite.url, `${service.url}/join/${invite.code}`);
  assertEquals(invite.qr, renderSVG(invite.url, { border: 2 }));
  // Whoever only looks at the link, as previews do, uses nothing up.
  const preview = new Visitor(service.url);
  const looked = await preview.ask("GET", `/join/${invite.code}`);
  assertEquals(looked.headers.get("referrer-policy"), "no-referrer");
  const page = await preview.ask("GET", "/join/");
  assertEquals([page.status, page.body.includes("team"), page.body.includes(invite.code)], [
    200,
    true,
    false,
  ]);

  const { visitor, to } = await join(service.url, invite.url, "小安");
  assertEquals(to, `/chat/team/?${new URLSearchParams({ username: "小安" })}`);
  let person = "";
  for (let visit = 0; visit < 2; visit++) {
    await using socket = await visitor.enter("team", "?username=小安&events=1");
    assertEquals(socket.all("history")[0].messages[0].message, "secret");
    person ||= socket.all("welcome")[0].person;
    assertEquals(socket.all("welcome")[0].person, person);
  }
  assertEquals((await visitor.ask("GET", "/api/rooms/team/messages")).body.messages.length, 1);
  assertEquals((await visitor.ask("GET", "/api/rooms/team/search?q=sec")).body.messages.length, 1);
  assertEquals((await visitor.socket("other", "?username=小安").closed).code, 4003);
  assertEquals((await visitor.outcome("GET", "/api/rooms/other/messages"))[0], 401);
  assertEquals((await visitor.outcome("PATCH", "/api/rooms/team", { title: "x" }))[0], 401);

  // The link is dead for others, also in a program, and the room stays shut.
  const second = await join(service.url, invite.url, "小柏");
  assertEquals(second.status, 404);
  assertEquals(
    (await second.visitor.socket("team", `?username=小柏&invite=${invite.code}`).closed).code,
    4003,
  );
  assertEquals((await second.visitor.outcome("GET", "/api/rooms/team/messages"))[0], 401);
  const { invites: [listed] } = (await ada.ask("GET", "/api/rooms/team/invites")).body;
  assertEquals([listed.name, listed.used, listed.uses, listed.people[0].name], ["Visitor", 1, 1, "小安"]);
  assert(!("code" in listed) && !JSON.stringify(listed).includes(invite.code));
});

Deno.test("Who came by an invitation leaves when it is revoked or ends, everywhere, and stays out", async () => {
  await using directory = await temporaryDirectory();
  const parallel = { fanOut: "broadcast", auth: "required" } as const;
  await using here = await startService(parallel, directory.path);
  await using there = await startService(parallel, directory.path);
  const ada = await privateRoom(here.url);
  const make = async (body: object) => (await ada.ask("POST", "/api/rooms/team/invites", body)).body;
  const invite = await make({});
  // Where guests are refused elsewhere.
  const { visitor } = await join(there.url, invite.url, "小安");
  assertEquals((await visitor.socket("lobby", "?username=小安").closed).code, 4001);
  assertEquals((await visitor.outcome("GET", "/api/documents"))[0], 401);
  assertEquals((await visitor.ask("GET", "/chat/lobby/")).status, 302);
  assertEquals((await visitor.ask("GET", "/chat/team/")).status, 200);
  const guest = await visitor.enter("team", "?username=小安");
  await guest.say("hello");
  const program = await new Visitor(there.url).enter("team", `?username=bot&invite=${invite.code}`);
  const brief = await make({ expires_in_hours: 1.5 / 3600 });
  const short = await new Visitor(here.url).enter("team", `?username=brief&invite=${brief.code}`);
  const bo = await member(there.url, "bo");
  const forMembers = await make({ role: "member" });
  const account = await bo.enter("team", `?invite=${forMembers.code}`);
  assertEquals((await ada.ask("GET", "/api/rooms/team")).body.members, ["bo"]);

  assertEquals((await short.closed).code, 4003);
  for (const { id } of [invite, forMembers]) {
    assertEquals(await ada.outcome("DELETE", `/api/rooms/team/invites/${id}`), [200]);
  }
  for (const socket of [guest, program, account]) assertEquals((await socket.closed).code, 4003);
  assertEquals((await ada.ask("GET", "/api/rooms/team")).body.members, []);
  assertEquals((await visitor.socket("team", "?username=小安").closed).code, 4001);
  assertEquals((await bo.socket("team").closed).code, 4003);
  assertEquals((await join(there.url, invite.url, "小安", visitor)).status, 404);
  assertEquals(await ada.outcome("DELETE", `/api/rooms/team/invites/${invite.id}`), [404, "not_found"]);
});

Deno.test("Invitations are for creator, hosts, admins and the service to make, and say what is wrong with one", async () => {
  await using service = await startService();
  const ada = await privateRoom(service.url);
  const [bo, cy] = [await member(service.url, "bo"), await member(service.url, "cy")];
  const root = await member(service.url, "root", "admin");
  assertEquals(await ada.outcome("PATCH", "/api/rooms/team", { hosts: ["bo"], members: ["cy"] }), [200]);
  const path = "/api/rooms/team/invites";
  for (const keeper of [ada, bo, root, backend(service.url)]) {
    assertEquals((await keeper.ask("POST", path, {})).status, 201);
  }
  for (
    const [visitor, outcome] of [[cy, [403, "not_allowed"]], [new Visitor(service.url), [
      401,
      "not_signed_in",
    ]]] as const
  ) {
    assertEquals(await visitor.outcome("POST", path, {}), [...outcome]);
    assertEquals(await visitor.outcome("GET", path), [...outcome]);
    assertEquals(await visitor.outcome("DELETE", `${path}/x`), [...outcome]);
  }
  // A host looks after order, and not after who hosts.
  assertEquals(await bo.outcome("PATCH", "/api/rooms/team", { hosts: [] }), [403, "not_allowed"]);
  for (
    const wrong of [{ uses: -1 }, { uses: 1.5 }, { expires_in_hours: 9_000 }, { expires_in_hours: 0 }, {
      role: "admin",
    }]
  ) {
    assertEquals(await ada.outcome("POST", path, wrong), [400, "invalid_request"]);
  }
  const many = await Promise.all(Array.from({ length: 8 }, () => ada.ask("POST", path, {})));
  // None of those that are made at the same time gets lost.
  for (const { body: { code } } of many) {
    await using _guest = await new Visitor(service.url).enter("team", `?invite=${code}`);
  }
});

Deno.test("A class that opens one link at the same time comes in as often as the link allows, and guesses are slowed", async () => {
  await using service = await startService({ publicUrl: "https://chat.example.com" });
  const ada = await privateRoom(service.url);
  const { body: { url, code } } = await ada.ask("POST", "/api/rooms/team/invites", { uses: 20 });
  assertEquals(new URL(url).origin, "https://chat.example.com");
  const joined = await Promise.all(
    Array.from({ length: 25 }, (_, i) => join(service.url, url, `pupil ${i}`)),
  );
  assertEquals(joined.filter(({ status }) => status === 303).length, 20);
  const guesser = new Visitor(service.url);
  const outcomes: number[] = [];
  for (let i = 0; i < 80 && outcomes.at(-1) !== 429; i++) {
    guesser.cookies.set("invite", code.slice(0, -2) + String(10 + i));
    outcomes.push((await guesser.ask("GET", "/join/")).status);
  }
  assertEquals([outcomes[0], outcomes.at(-1)], [404, 429]);
  // Programs guess no faster: even the right code has to wait.
  const program = new Visitor(service.url).socket("team", `?invite=${code}`);
  await program.closed;
  assertEquals(program.frames, []);
});
