/** What has to hold of POSTs that a backend sends again because it doesn't know what became of the first. */
import { assertEquals } from "@std/assert";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { engineTest } from "../support/servers.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { readHistory, startService, temporaryDirectory } from "../support/service.ts";
import { type Answer, Visitor } from "../support/visitor.ts";

/** Every POST that takes a key: its path, a body, another body, and how many things stand there by now. */
interface Posting {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly other: Record<string, unknown>;
  /** Who posts. */
  readonly by: "backend" | "ada";
  count(url: string, ada: Visitor): Promise<number>;
}

const POSTINGS: readonly Posting[] = [
  {
    path: "/api/rooms/lobby/messages",
    body: { message: "ding", username: "Bot" },
    other: { message: "ding", username: "Robot" },
    by: "backend",
    count: async (url) => (await readHistory(url, "lobby")).length,
  },
  {
    path: "/api/notifications",
    body: { user: "ada", title: "Hello", message: "there" },
    other: { user: "ada", title: "Hello", message: "again" },
    by: "backend",
    count: async (_, ada) => (await ada.ask("GET", "/api/notifications")).body.notifications.length,
  },
  {
    path: "/api/events",
    body: { type: "new_order", order: { id: 1, sum: 2 } },
    other: { type: "new_order", order: { id: 1, sum: 3 } },
    by: "backend",
    count: async (url) => {
      const { events } = (await backend(url).ask("GET", "/api/events")).body;
      return events.filter(({ event }: { event: { type: string } }) => event.type === "new_order").length;
    },
  },
  {
    path: "/api/reports/request/",
    body: { type: "transcript", room: "lobby" },
    other: { type: "transcript", room: "foyer" },
    by: "ada",
    count: async (_, ada) => (await ada.ask("GET", "/api/reports")).body.reports.length,
  },
];

for (const { path, body, other, by, count } of POSTINGS) {
  Deno.test(`POST ${path} that comes again is answered as it was first, and makes one thing`, async () => {
    await using directory = await temporaryDirectory();
    let first: Answer;
    {
      await using service = await startService({}, directory.path);
      const ada = await member(service.url, "ada");
      const poster = by === "ada" ? ada : backend(service.url);
      const keyed = { ...body, client_id: "1" };
      const answers = await Promise.all(Array.from({ length: 5 }, () => poster.ask("POST", path, keyed)));
      [first] = answers;
      for (const answer of answers) assertEquals([answer.status, answer.body], [first.status, first.body]);
      assertEquals(Math.floor(first.status / 100), 2);
      assertEquals(await count(service.url, ada), 1);
      // The order of fields is nobody's intention.
      const turned = Object.fromEntries(Object.entries(keyed).reverse());
      assertEquals((await poster.ask("POST", path, turned)).body, first.body);
      assertEquals((await poster.ask("POST", path, body, { "Idempotency-Key": '"1"' })).body, first.body);
      assertEquals(await poster.outcome("POST", path, { ...other, client_id: "1" }), [
        422,
        "idempotency_key_reused",
      ]);
      assertEquals(await count(service.url, ada), 1);
      const another = await poster.ask("POST", path, { ...body, client_id: "2" });
      assertEquals(another.status, first.status);
      assertEquals(await count(service.url, ada), 2);
    }
    await using service = await startService({}, directory.path);
    const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
    const poster = by === "ada" ? ada : backend(service.url);
    assertEquals((await poster.ask("POST", path, { ...body, client_id: "1" })).body, first.body);
    assertEquals(await count(service.url, ada), 2);
    // As if the process had been killed between the work and its answer.
    using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
    for await (const { key, value } of kv.list<{ answer?: unknown }>({ prefix: ["idempotency"] })) {
      const { answer: _, ...unanswered } = value;
      await kv.set(key, unanswered);
    }
    assertEquals((await poster.ask("POST", path, { ...body, client_id: "1" })).body, first.body);
    assertEquals(await count(service.url, ada), 2);
  });
}

for (const engine of ["BroadcastChannel", "KV", "Redis"] as const) {
  engineTest(
    `POSTs that come to two processes at once over ${engine} make one thing`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, 2);
      const urls = ensemble.services.map(({ url }) => url);
      const ada = await member(urls[0], "ada");
      for (const { path, body, by, count } of POSTINGS) {
        if (by === "ada") continue;
        for (const key of ["a", "b", "c"]) {
          const posts = urls.flatMap((url) => [1, 2, 3].map(() => backend(url)))
            .map((poster) => poster.ask("POST", path, { ...body, client_id: key }));
          const answers = (await Promise.all(posts)).map(({ body }) => body);
          for (const answer of answers) assertEquals(answer, answers[0]);
        }
        assertEquals(await count(urls[0], ada), 3, path);
      }
    },
  );
}

Deno.test("A POST that was refused is carried out when it comes again and may be", async () => {
  await using service = await startService();
  const poster = backend(service.url);
  const note = { user: "ada", title: "Hello", message: "there", client_id: "1" };
  assertEquals(await poster.outcome("POST", "/api/notifications", note), [404, "not_found"]);
  const ada = await member(service.url, "ada");
  assertEquals(await poster.outcome("POST", "/api/notifications", note), [201]);
  assertEquals(await poster.outcome("POST", "/api/notifications", note), [201]);
  assertEquals((await ada.ask("GET", "/api/notifications")).body.notifications.length, 1);
});

Deno.test("A message that was deleted isn't said again by the POST that said it, nor told", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada&events=1");
  const poster = backend(service.url);
  const said = { message: "a secret", client_id: "1" };
  const { body: { id } } = await poster.ask("POST", "/api/rooms/lobby/messages", said);
  await poster.ask("DELETE", `/api/rooms/lobby/messages/${id}`);
  await ada.next("message_deleted");
  const { status, body } = await poster.ask("POST", "/api/rooms/lobby/messages", said);
  assertEquals([status, body.id, body.message], [201, id, ""]);
  assertEquals((await readHistory(service.url, "lobby")).length, 1);
});

Deno.test("Keys are one's own, and what can't be one is refused", async () => {
  await using service = await startService();
  const [root, poster] = [await member(service.url, "root", "admin"), backend(service.url)];
  const path = "/api/rooms/lobby/messages";
  const ids = new Set<string>();
  for (const who of [root, poster]) {
    ids.add((await who.ask("POST", path, { message: "hi", client_id: "1" })).body.id);
  }
  // Each room is another place.
  ids.add((await poster.ask("POST", "/api/rooms/foyer/messages", { message: "hi", client_id: "1" })).body.id);
  assertEquals(ids.size, 3);
  for (const clientId of ["", "x".repeat(65), 7, null]) {
    assertEquals(await poster.outcome("POST", path, { message: "hi", client_id: clientId }), [
      400,
      "invalid_request",
    ]);
  }
  for (const key of ["x".repeat(256), "2"]) {
    const answer = await poster.ask("POST", path, { message: "hi", client_id: "1" }, {
      "idempotency-key": key,
    });
    assertEquals(answer.status, 400);
  }
  // What an event calls so may be somebody's number.
  const event = { type: "new_client", client_id: 7 };
  for (let i = 0; i < 2; i++) assertEquals(await poster.outcome("POST", "/api/events", event), [201]);
  assertEquals((await poster.ask("GET", "/api/events")).body.events.length, 2);
});
