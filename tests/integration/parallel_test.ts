/** The service on several cores: `deno task start`. */
import { assertEquals } from "@std/assert";
import { Client } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { parseCsv, readHistory, temporaryDirectory } from "../support/service.ts";

const ISOLATES = 3;
const MEMBERS = 24;

Deno.test(`Service on ${ISOLATES} isolates serves one room as one, stops in order, and starts again with all of it`, async () => {
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    DENO_JOBS: String(ISOLATES),
  };
  const ids: string[] = [];
  for (const round of [1, 2]) {
    await using service = await startProcess(env, ["--parallel"]);
    await listening(service.log);
    const members = await Promise.all(
      Array.from(
        { length: MEMBERS },
        (_, i) => Client.enter(service.url, "lobby", `?username=u${i}&batch=1`),
      ),
    );
    await Promise.all(
      members.map((member) =>
        member.until((frames) =>
          frames.some(({ type, count }) => type === "online_users" && count === MEMBERS)
        )
      ),
    );
    for (let i = 0; i < 200; i++) {
      for (const [at, member] of members.entries()) {
        const text = `${round} ${at} ${i}`;
        member.send({ type: "chat_message", message: text, client_id: text });
      }
    }
    await Promise.all(members.map((member) => member.until(() => member.all("ack").length === 200)));
    await Promise.all(
      members.map((member) => member.until(() => member.all("chat_message").length === 200 * MEMBERS)),
    );
    const [first, ...others] = members.map((member) => member.all("chat_message").map(({ id }) => id));
    for (const other of others) assertEquals(other, first);
    ids.push(...first);
    assertEquals((await readHistory(service.url, "lobby")).map(({ id }) => id), ids);
    const [status, ...closings] = await Promise.all([
      service.end("SIGTERM"),
      ...members.map((member) => member.closed),
    ]);
    assertEquals([status.code, ...new Set(closings.map(({ code }) => code))], [0, 1012]);
    const errors = service.log.filter(({ level }) => level === "error");
    assertEquals(errors, []);
  }
  assertEquals(new Set(ids).size, 2 * 200 * MEMBERS);
  await using service = await startProcess(env, ["--parallel"]);
  const last = await Client.enter(service.url, "lobby", "?username=last");
  const { id } = await last.say("the end");
  await last.next("recorded", ({ ids }) => ids.includes(id));
  await last.close();
  const rows = parseCsv(await Deno.readTextFile(env.LOG_CSV_PATH)).slice(1).map((row) => row[4]);
  assertEquals(rows, [...ids, id]);
  await service.end("SIGTERM");
});

/** Resolves when each isolate has said that it listens. */
async function listening(log: readonly Record<string, unknown>[]): Promise<void> {
  while (log.filter(({ event }) => event === "started").length < ISOLATES) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
