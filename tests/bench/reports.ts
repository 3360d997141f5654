/** What a report of a long room takes, and what people who talk meanwhile feel of it. */
import { Client } from "../support/client.ts";
import { writePast } from "../support/past.ts";
import { type ServiceProcess, startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";
import { type Figure, quantile, residentMiB } from "./figures.ts";

const MESSAGES = 200_000;
const BIG = 800_000;
const ROOT = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "correct horse battery" };
/** Between two messages of somebody who talks. */
const EVERY_MS = 20;

/** Seconds and memory of both types, and the round trip of messages with a report under way and without. */
export async function reports(runs: number): Promise<Figure[]> {
  const bench = "reports";
  const figures = new Map<string, { unit: string; values: number[] }>();
  const note = (name: string, unit: string, value: number): void => {
    const { values } = figures.get(name) ?? { values: [] };
    figures.set(name, { unit, values: [...values, value] });
  };
  for (let run = 0; run < runs; run++) {
    await using directory = await temporaryDirectory();
    const env = { ...ROOT, KV_PATH: `${directory.path}/t.db`, LOG_CSV_PATH: `${directory.path}/c.csv` };
    {
      using kv = await Deno.openKv(env.KV_PATH);
      await writePast(kv, "lobby", MESSAGES);
      if (run === 0) await writePast(kv, "big", BIG);
    }
    await using service = await startProcess(env);
    const root = await Visitor.signedIn(service.url, "root", ROOT.ADMIN_PASSWORD);
    const orders = [["transcript", "lobby", MESSAGES], ["activity", "lobby", MESSAGES]] as const;
    for (const [type, room, count] of run === 0 ? [...orders, ["transcript", "big", BIG] as const] : orders) {
      const { seconds, peakMiB } = await make(service, root, { type, room });
      const name = `${type}, ${count.toLocaleString("en")} messages`;
      note(name, "s", seconds);
      note(`${name}: memory above baseline`, "MiB", peakMiB);
    }
    const report = await Promise.all([
      make(service, root, { type: "transcript", room: "lobby" }),
      talk(service),
    ]);
    const alone = await talk(service);
    for (const [when, times] of [["beside a report", report[1]], ["alone", alone]] as const) {
      note(`round trip ${when}, p50`, "ms", quantile(times, 0.5));
      note(`round trip ${when}, p99`, "ms", quantile(times, 0.99));
    }
  }
  return Array.from(figures, ([name, figure]) => ({ bench, name, ...figure }));
}

/** Makes a report; answers how long it took, and the most memory above what was taken before. */
async function make(
  service: ServiceProcess,
  root: Visitor,
  order: { type: string; room: string },
): Promise<{ seconds: number; peakMiB: number }> {
  const socket = new Client(`${service.url.replace("http", "ws")}/ws/tasks/`, {
    headers: { cookie: root.cookie },
  });
  await new Promise<void>((resolve) => socket.opened = resolve);
  const before = residentMiB(service.pid);
  let peak = before;
  const watching = setInterval(() => peak = Math.max(peak, residentMiB(service.pid)), 20);
  const began = performance.now();
  const { body } = await root.ask("POST", "/api/reports/request/", order);
  const { status } = await socket.next(
    "task_update",
    (frame) => frame.task_id === body.task_id && ["completed", "failed"].includes(frame.status),
  );
  if (status !== "completed") throw new Error(`The report ${status}`);
  const seconds = (performance.now() - began) / 1000;
  clearInterval(watching);
  await socket.close();
  return { seconds, peakMiB: peak - before };
}

/** The round trips of somebody who says something every {@link EVERY_MS} for four seconds, in milliseconds. */
async function talk(service: ServiceProcess): Promise<number[]> {
  await using client = await Client.enter(service.url, "talk", "?username=cleo");
  const times: number[] = [];
  for (let i = 0; i < 4_000 / EVERY_MS; i++) {
    const began = performance.now();
    client.send({ message: `hi ${i}` });
    await client.next("chat_message", ({ message }) => message === `hi ${i}`);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return times;
}
