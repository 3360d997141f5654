import { assert, assertEquals } from "@std/assert";
import { Client } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";

interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: {
    readonly key: string;
    readonly value: { readonly intValue?: string; readonly doubleValue?: number };
  }[];
}

Deno.test("Traces have a span for what came in together, its commit, its fan-out and its append, and none for members", async () => {
  const spans: Span[] = [];
  await using collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.json();
    for (const { scopeSpans = [] } of body.resourceSpans ?? []) {
      for (const { spans: some } of scopeSpans) spans.push(...some);
    }
    return Response.json({});
  });
  await using directory = await temporaryDirectory();
  await using service = await startProcess({
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
    OTEL_BSP_SCHEDULE_DELAY: "200",
  });
  const members = await Promise.all(
    Array.from({ length: 10 }, (_, i) => Client.enter(service.url, "lobby", `?username=u${i}`)),
  );
  const [ada] = members;
  const { id } = await ada.say("hi");
  await ada.next("recorded", ({ ids }) => ids.includes(id));
  await Promise.all(members.map((member) => member.close()));
  await service.end("SIGTERM");
  const named = (name: string): Span[] => spans.filter((span) => span.name === `talksheet.${name}`);
  const [receive, commit, fanOut, append] = ["receive", "commit", "fan_out", "append"].map((name) =>
    named(name)
  );
  for (const some of [receive, commit, fanOut, append]) assertEquals(some.length, 1);
  assertEquals([commit[0].parentSpanId, fanOut[0].parentSpanId], [receive[0].spanId, receive[0].spanId]);
  const { key, value } = append[0].attributes[0];
  assertEquals([key, Number(value.intValue ?? value.doubleValue)], ["rows", 1]);
  assert(!JSON.stringify(spans).includes('"hi"'));
});
