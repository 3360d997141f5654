import { assert, assertEquals, assertMatch } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { startService, temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const authorization = `Bearer ${TOKEN}`;

async function scrape(origin: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${origin}/metrics`, { headers });
  assertEquals(response.status, 200);
  assertMatch(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  return await response.text();
}

/** The values of a metric, by their labels. */
function valuesOf(text: string, name: string): Record<string, number> {
  const lines = text.split("\n").filter((line) => line.startsWith(`talksheet_${name}`));
  return Object.fromEntries(lines.map((line) => {
    const [, labels = "", value] = /^\w+(\{.*\})? (\S+)$/.exec(line) ?? [];
    return [labels, Number(value)];
  }));
}

Deno.test("Metrics tell what was said, delivered, written and refused, in Prometheus' format", async () => {
  await using service = await startService();
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  await using _bo = await Client.enter(service.url, "lobby", "?username=bo");
  const ids: string[] = [];
  for (const text of ["one", "two", "three"]) ids.push((await ada.say(text)).id);
  await ada.until((frames) => ids.every((id) => frames.some(({ ids }) => ids?.includes(id))));
  ada.send("nonsense");
  await ada.next("error");
  await new Visitor(service.url).ask("GET", "/api/events");
  const text = await scrape(service.url);
  const one = (value: number) => ({ '{isolate="0"}': value });
  assertEquals(valuesOf(text, "connections"), one(2));
  assertEquals(valuesOf(text, "people"), one(2));
  assertEquals(valuesOf(text, "messages_total"), one(3));
  assertEquals(valuesOf(text, "deliveries_total"), one(6));
  assertEquals(valuesOf(text, "rows_written_total"), one(3));
  assertEquals(valuesOf(text, "errors_total"), one(0));
  assertEquals(valuesOf(text, "refused_total"), {
    '{isolate="0",code="invalid_json"}': 1,
    '{isolate="0",code="not_signed_in"}': 1,
  });
  assertEquals([valuesOf(text, "log_pending"), valuesOf(text, "log_paused")], [{ "": 0 }, { "": 0 }]);
  assert(valuesOf(text, "commit_seconds_total")['{isolate="0"}'] > 0);
  assert(valuesOf(text, "memory_bytes")[""] > 1e6);
  // Whatever is shown may be read again: no counter grows by being looked at.
  assertEquals(valuesOf(await scrape(service.url), "messages_total"), one(3));
  for (const line of text.split("\n")) {
    assertMatch(line, /^(|# (HELP|TYPE) talksheet_.+|talksheet_\w+(\{.+\})? [\d.e+-]+)$/);
  }
});

Deno.test("Metrics are for the service's token, and for programs on this machine that no proxy speaks for", async () => {
  await using service = await startService({ trustProxy: 1 });
  const root = await member(service.url, "root", "admin");
  const status = async (headers: Record<string, string>) => {
    const response = await fetch(`${service.url}/metrics`, { headers });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status({}), 200);
  const strangers: Record<string, string>[] = [
    { "x-forwarded-for": "203.0.113.7" },
    { "x-forwarded-for": "127.0.0.1" },
    { "x-forwarded-for": "" },
    { forwarded: "for=203.0.113.7" },
    { "x-real-ip": "203.0.113.7" },
    { via: "1.1 proxy" },
    { "x-forwarded-for": "127.0.0.1", authorization: "Bearer nonsense-nonsense" },
  ];
  for (const headers of strangers) {
    assertEquals(await status(headers), 401, JSON.stringify(headers));
  }
  assertEquals(await status({ "x-forwarded-for": "203.0.113.7", cookie: root.cookie }), 401);
  assertEquals(await status({ "x-forwarded-for": "203.0.113.7", authorization }), 200);
  const { body } = await backend(service.url).ask("POST", "/api/tokens", { name: "prometheus" });
  assertEquals(await status({ via: "1.1 proxy", authorization: `Bearer ${body.token}` }), 200);
  // A page whose name leads to this machine, and a proxy that hides itself, name another host.
  using connection = await Deno.connect({ port: Number(new URL(service.url).port) });
  await connection.write(
    new TextEncoder().encode("GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
  );
  const bytes = new Uint8Array(100);
  await connection.read(bytes);
  assertMatch(new TextDecoder().decode(bytes), /^HTTP\/1\.1 401/);
});

Deno.test("Metrics tell of all isolates of the process, whichever is asked", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startProcess({
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    DENO_JOBS: "3",
  }, ["--parallel"]);
  const clients: Client[] = [];
  for (let i = 0; i < 12; i++) {
    const client = await Client.enter(service.url, "lobby", `?username=u${i}`);
    clients.push(client);
    await client.say("hi");
  }
  const sum = (text: string, name: string): number =>
    Object.values(valuesOf(text, name)).reduce((sum, value) => sum + value, 0);
  for (let right = 0; right < 3;) {
    const text = await scrape(service.url);
    const isRight = sum(text, "connections") === 12 && sum(text, "messages_total") === 12 &&
      Object.keys(valuesOf(text, "heap_bytes")).length === 3;
    right = isRight ? right + 1 : 0;
  }
  await Promise.all(clients.map((client) => client.close()));
  await service.end("SIGTERM");
});
