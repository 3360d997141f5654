/** The service as Deno Deploy runs it: KV behind a network and without queues, no files, several instances, short ends. */
import { assertEquals } from "@std/assert";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { Client } from "../support/client.ts";
import { engineTest, startDenokv } from "../support/servers.ts";
import { type ServiceProcess, startProcess } from "../support/process.ts";
import { readHistory, temporaryDirectory } from "../support/service.ts";

engineTest(
  "Service on Deno Deploy finds out that there is no queue, outlives its instances, and writes each row once",
  ["denokv"],
  async () => {
    await using directory = await temporaryDirectory();
    await using kv = await startDenokv(directory.path);
    await using google = await GoogleSheets.start();
    const env = {
      KV_PATH: kv.url,
      DENO_KV_ACCESS_TOKEN: String(Deno.env.get("DENO_KV_ACCESS_TOKEN")),
      GOOGLE_SHEET_ID: google.spreadsheetId,
      GOOGLE_CREDS_JSON: JSON.stringify(google.key),
      GOOGLE_API_ROOT: google.url,
    };
    // Flags of the command line aren't passed on there: what deno.json asks for is all there is, and nothing is written.
    const instance = (): Promise<ServiceProcess> =>
      startProcess(env, [], ["--allow-net", "--allow-env", "--allow-read"]);
    const ids: string[] = [];
    for (let round = 0; round < 3; round++) {
      const services = await Promise.all([instance(), instance()]);
      for (const { log } of services) {
        assertEquals(log.find(({ event }) => event === "started")?.delivery, "sweep");
      }
      const members = await Promise.all(
        services.map(({ url }, i) => Client.enter(url, "lobby", `?username=u${i}&batch=1`)),
      );
      for (let i = 0; i < 200; i++) {
        for (const [at, member] of members.entries()) {
          const text = `${round} ${at} ${i}`;
          member.send({ type: "chat_message", message: text, client_id: text });
        }
      }
      await Promise.all(members.map((member) => member.until(() => member.all("ack").length > 20)));
      await Promise.all(services.map(stopAsDeployDoes));
      for (const member of members) {
        assertEquals((await member.closed).code, 1012);
        ids.push(...member.all("ack").map(({ id }) => id));
      }
    }
    const service = await instance();
    const last = await Client.enter(service.url, "lobby", "?username=last");
    const { id } = await last.say("the end");
    await last.next("recorded", (frame) => frame.ids.includes(id));
    await last.close();
    const history = (await readHistory(service.url, "lobby")).map(({ id }) => id);
    assertEquals(ids.filter((id) => !history.includes(id)), []);
    assertEquals(google.rows("ChatLogs").slice(1).map((row) => row[4]), history);
    await stopAsDeployDoes(service);
  },
);

engineTest("Service stops though KV is out of reach", ["denokv"], async () => {
  await using directory = await temporaryDirectory();
  await using kv = await startDenokv(directory.path);
  const service = await startProcess({
    KV_PATH: kv.url,
    DENO_KV_ACCESS_TOKEN: String(Deno.env.get("DENO_KV_ACCESS_TOKEN")),
    LOG_CSV_PATH: `${directory.path}/log.csv`,
  });
  const ada = await Client.enter(service.url, "lobby", "?username=ada");
  await ada.say("hi");
  await kv.kill();
  ada.send({ type: "chat_message", message: "into the void", client_id: "2" });
  await stopAsDeployDoes(service);
  assertEquals((await ada.closed).code, 1012);
});

/** That this takes no longer than Deploy waits is held by `lifecycle_test.ts`. */
async function stopAsDeployDoes(service: ServiceProcess): Promise<void> {
  const { code, signal } = await service.end("SIGINT");
  assertEquals([code, signal], [0, null]);
}
