import { assert, assertEquals } from "@std/assert";
import { Client, type Frame } from "../support/client.ts";
import { engineTest, startDenokv } from "../support/servers.ts";
import { pastText, writePast } from "../support/past.ts";
import { type ServiceProcess, startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";
import { sheetsOf } from "../support/workbook.ts";

const MESSAGES = 24_000;
/** Over a network. */
const FEW = 4_000;
const ROOT = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "correct horse battery" };

/** Opens the socket of root's tasks, as our own page does. */
async function tasks(service: ServiceProcess, visitor: Visitor): Promise<Client> {
  const address = `${service.url.replace("http", "ws")}/ws/tasks/?batch=1`;
  const client = new Client(address, { headers: { cookie: visitor.cookie } });
  await new Promise<void>((resolve) => client.opened = resolve);
  return client;
}

/** The texts of the rows in a finished report. */
async function textsOf(service: ServiceProcess, visitor: Visitor, url: string): Promise<string[]> {
  const file = await fetch(service.url + url, { headers: { cookie: visitor.cookie } });
  const { Messages: [, ...rows] } = await sheetsOf(await file.bytes());
  return rows.map((row) => row[3]);
}

const isOver = ({ status }: Frame): boolean => status === "completed" || status === "failed";
const isUnderWay = (least: number) => ({ status, progress }: Frame): boolean =>
  isOver({ type: "", status }) || status === "progress" && progress >= least;

Deno.test("A report goes on where it was when its process is killed with SIGKILL, twice, and has every row once", async () => {
  await using directory = await temporaryDirectory();
  const env = { ...ROOT, KV_PATH: `${directory.path}/t.db`, LOG_CSV_PATH: `${directory.path}/log.csv` };
  {
    using kv = await Deno.openKv(env.KV_PATH);
    await writePast(kv, "lobby", MESSAGES);
  }
  let told: Frame = { type: "", progress: 0, messages: 0 };
  let id = "";
  for (const least of [15, 50]) {
    await using service = await startProcess(env);
    const root = await Visitor.signedIn(service.url, "root", ROOT.ADMIN_PASSWORD);
    const socket = await tasks(service, root);
    if (!id) {
      id =
        (await root.ask("POST", "/api/reports/request/", { type: "transcript", room: "lobby" })).body.task_id;
    } else {
      // The latest state, before anything else has happened.
      const latest = await socket.next("task_update");
      assertEquals(latest.task_id, id);
      assert(latest.progress >= told.progress && latest.messages >= told.messages);
    }
    told = await socket.next("task_update", isUnderWay(least));
    await service.kill();
    await socket.closed;
    assertEquals(told.status, "progress");
  }
  await using service = await startProcess(env);
  const root = await Visitor.signedIn(service.url, "root", ROOT.ADMIN_PASSWORD);
  await using socket = await tasks(service, root);
  const done = await socket.next("task_update", isOver);
  assertEquals([done.status, done.result.messages], ["completed", MESSAGES]);
  const progress = socket.all("task_update").map(({ progress }) => progress);
  assert(progress[0] >= told.progress, `It was at ${told.progress}, and is at ${progress[0]}`);
  assertEquals(progress, progress.toSorted((a, b) => a - b));
  const texts = await textsOf(service, root, done.result.url);
  assertEquals(texts, Array.from({ length: MESSAGES }, (_, i) => pastText(i)));
});

engineTest(
  "A report asked for at one machine is told of at another, and goes on there when the first is killed",
  ["denokv"],
  async () => {
    await using directory = await temporaryDirectory();
    await using engine = await startDenokv(directory.path);
    {
      using kv = await Deno.openKv(engine.url);
      await writePast(kv, "lobby", FEW);
    }
    const env = {
      ...ROOT,
      KV_PATH: engine.url,
      DENO_KV_ACCESS_TOKEN: String(Deno.env.get("DENO_KV_ACCESS_TOKEN")),
      LOG_CSV_PATH: `${directory.path}/log.csv`,
    };
    const services = await Promise.all([startProcess(env), startProcess(env)]);
    await using one = services[0];
    await using two = services[1];
    const root = await Visitor.signedIn(one.url, "root", ROOT.ADMIN_PASSWORD);
    await using socket = await tasks(two, root);
    const { body: { task_id: id } } = await root.ask("POST", "/api/reports/request/", {
      type: "transcript",
      room: "lobby",
    });
    const told = await socket.next("task_update", isUnderWay(5));
    assertEquals([told.status, told.task_id], ["progress", id]);
    await one.kill();
    const done = await socket.next("task_update", isOver);
    assertEquals([done.status, done.result.messages], ["completed", FEW]);
    const progress = socket.all("task_update").map(({ progress }) => progress);
    assertEquals(progress, progress.toSorted((a, b) => a - b));
    const texts = await textsOf(two, root, done.result.url);
    assertEquals(texts, Array.from({ length: FEW }, (_, i) => pastText(i)));
  },
);
