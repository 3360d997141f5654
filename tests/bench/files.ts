/** What uploads cost: their speed, memory while many come at once, and what others in the room feel meanwhile. */
import { roomAddress } from "../support/client.ts";
import { png } from "../support/files.ts";
import { startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";
import { type Figure, quantile, residentMiB, table } from "./figures.ts";

const MB = 1_000_000;
const FILE_BYTES = 10 * MB;
const AT_ONCE = 50;
const MESSAGES = 300;

/** Uploads one after the other, and {@link AT_ONCE} at once, beside somebody who talks. */
export async function files(runs: number): Promise<Figure[]> {
  const [speed, speedAtOnce, memory, alone, beside]: number[][] = [[], [], [], [], []];
  const content = png(4, 3, FILE_BYTES);
  for (let run = 0; run < runs; run++) {
    await using directory = await temporaryDirectory();
    await using service = await startProcess({
      KV_PATH: `${directory.path}/t.db`,
      LOG_CSV_PATH: `${directory.path}/c.csv`,
      FILES_PATH: `${directory.path}/files`,
      FILES_PER_DAY_MB: "100000",
    });
    const send = async (i: number): Promise<void> => {
      const path = `${service.url}/api/rooms/files/files?name=a.png&username=u${i}`;
      const response = await fetch(path, { method: "POST", body: content });
      if (response.status !== 201) throw new Error(`An upload failed: ${await response.text()}`);
      await response.body?.cancel();
    };
    let began = performance.now();
    for (let i = 0; i < 5; i++) await send(i);
    speed.push(5 * FILE_BYTES / MB / ((performance.now() - began) / 1_000));
    alone.push(quantile(await talk(service.url, MESSAGES), 0.99));
    const before = residentMiB(service.pid);
    let most = before;
    const watching = setInterval(() => most = Math.max(most, residentMiB(service.pid)), 20);
    began = performance.now();
    const sending = Promise.all(Array.from({ length: AT_ONCE }, (_, i) => send(i)))
      .then(() => speedAtOnce.push(AT_ONCE * FILE_BYTES / MB / ((performance.now() - began) / 1_000)));
    const times = await talk(service.url, MESSAGES);
    await sending;
    clearInterval(watching);
    beside.push(quantile(times, 0.99));
    memory.push(most - before);
  }
  const bench = "files";
  return [
    { bench, name: "uploads of 10 MB, one after the other", unit: "MB/s", values: speed },
    { bench, name: `${AT_ONCE} uploads of 10 MB at once`, unit: "MB/s", values: speedAtOnce },
    { bench, name: `memory that ${AT_ONCE} at once take`, unit: "MiB", values: memory },
    { bench, name: "a message of others, p99, alone", unit: "ms", values: alone },
    { bench, name: `a message of others, p99, beside ${AT_ONCE} uploads`, unit: "ms", values: beside },
  ];
}

/** Somebody says something, waits for it to come back, and rests for 10 ms; answers how long each message took. */
async function talk(url: string, messages: number): Promise<number[]> {
  const socket = new WebSocket(`${roomAddress(url, "talk")}?username=ada&batch=1`);
  await new Promise((resolve) => socket.onopen = resolve);
  const times: number[] = [];
  for (let i = 0; i < messages; i++) {
    const began = performance.now();
    const back = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        if (data.includes(`"message":"m${i}"`)) resolve();
      };
    });
    socket.send(JSON.stringify({ type: "chat_message", message: `m${i}`, client_id: crypto.randomUUID() }));
    await back;
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  socket.close();
  return times;
}

// deno-lint-ignore no-console -- a command speaks on stdout
if (import.meta.main) console.log(table(await files(Number(Deno.args[0] ?? 3))));
