import { assertEquals } from "@std/assert";
import { Client } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";

const CLIENTS = 5_000;
const MISSED = 30;

Deno.test(`Service gives ${CLIENTS} clients who come back at once after a kill all that they missed, each once`, async () => {
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    MAX_CONNECTIONS_PER_IP: "0",
  };
  const ids: string[] = [];
  {
    await using service = await startProcess(env);
    const ada = await Client.enter(service.url, "lobby", "?username=ada");
    for (let i = 0; i <= MISSED; i++) ids.push((await ada.say(`m${i}`)).id);
    await service.kill();
    await ada.closed;
  }
  await using service = await startProcess(env);
  const ada = await Client.enter(service.url, "lobby", "?username=ada");
  const coming = Promise.all(
    Array.from(
      { length: CLIENTS },
      (_, i) => Client.enter(service.url, "lobby", `?username=u${i % 100}&batch=1&after=${ids[0]}`),
    ),
  );
  // Somebody talks while they come.
  for (let i = 0; i < MISSED; i++) ids.push((await ada.say(`late ${i}`)).id);
  const clients = await coming;
  const last = await ada.say("the last");
  ids.push(last.id);
  for (const client of clients) {
    await client.until((frames) => frames.some(({ id }) => id === last.id));
    const seen = [
      ...client.all("history").flatMap(({ messages }) => messages),
      ...client.all("chat_message"),
    ].map(({ id }) => id);
    assertEquals(seen, ids.slice(1));
  }
  await Promise.all([ada, ...clients].map((client) => client.close()));
});
