/** What uploads cost: their speed, memory while many come at once, and what others in the room feel meanwhile. */
import { roomAddress } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { isInstalled, startS3 } from "../support/servers.ts";
import { temporaryDirectory } from "../support/service.ts";
import { type Figure, quantile, residentMiB, table } from "./figures.ts";
import { FILE_BYTES, type Uploads } from "./uploads_worker.ts";

const MB = 1_000_000;
const AT_ONCE = 50;
const MESSAGES = 300;

/** Uploads one after the other, and {@link AT_ONCE} at once, beside somebody who talks. */
export async function files(runs: number): Promise<Figure[]> {
  const [speed, speedAtOnce, memory, alone, beside]: number[][] = [[], [], [], [], []];
  const [aloneTimes, besideTimes]: number[][] = [[], []];
  for (let run = 0; run < runs; run++) {
    await using directory = await temporaryDirectory();
    await using service = await startProcess({
      KV_PATH: `${directory.path}/t.db`,
      LOG_CSV_PATH: `${directory.path}/c.csv`,
      FILES_PATH: `${directory.path}/files`,
      FILES_PER_DAY_MB: "100000",
    });
    const { url, pid } = service;
    speed.push(speedOf(5, await upload({ url, count: 5, atOnce: 1 })));
    const isOver = (sent: number): boolean => sent >= MESSAGES;
    const quiet = await talk(url, isOver);
    const before = residentMiB(pid);
    let most = before;
    const watching = setInterval(() => most = Math.max(most, residentMiB(pid)), 20);
    let isUploaded = false;
    const uploading = upload({ url, count: AT_ONCE, atOnce: AT_ONCE }).finally(() => isUploaded = true);
    const busy = await talk(url, () => isUploaded);
    speedAtOnce.push(speedOf(AT_ONCE, await uploading));
    clearInterval(watching);
    alone.push(quantile(quiet, 0.99));
    beside.push(quantile(busy, 0.99));
    aloneTimes.push(...quiet);
    besideTimes.push(...busy);
    memory.push(most - before);
  }
  const [bucket, forms]: number[][] = [[], []];
  for (let run = 0; run < runs && isInstalled("s3s-fs"); run++) {
    bucket.push(await memoryIntoBucket(false));
    forms.push(await memoryIntoBucket(true));
  }
  // Of all runs together: in one of them, four messages decide on p99.
  const ratio = quantile(besideTimes, 0.99) / quantile(aloneTimes, 0.99);
  const bench = "files";
  return [
    { bench, name: "uploads of 10 MB, one after the other", unit: "MB/s", values: speed },
    { bench, name: `${AT_ONCE} uploads of 10 MB at once`, unit: "MB/s", values: speedAtOnce },
    { bench, name: `memory that ${AT_ONCE} at once take`, unit: "MiB", values: memory },
    { bench, name: `memory that ${AT_ONCE} at once into a bucket take`, unit: "MiB", values: bucket },
    { bench, name: `memory that ${AT_ONCE} forms at once into a bucket take`, unit: "MiB", values: forms },
    { bench, name: "a message of others, p99, alone", unit: "ms", values: alone },
    { bench, name: `a message of others, p99, beside ${AT_ONCE} uploads`, unit: "ms", values: beside },
    { bench, name: "p99 ratio", unit: "×", values: [ratio] },
  ].filter(({ values }) => values.length);
}

/** By how many MiB the service grows while {@link AT_ONCE} files at once go into a bucket. */
async function memoryIntoBucket(isForm: boolean): Promise<number> {
  await using directory = await temporaryDirectory();
  await using s3 = await startS3(directory.path);
  const { endpoint, bucket, accessKeyId, secretAccessKey } = s3.options;
  await using service = await startProcess({
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/c.csv`,
    S3_ENDPOINT: endpoint,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    FILES_PER_DAY_MB: "100000",
  });
  const { url, pid } = service;
  await upload({ url, count: 1, atOnce: 1, isForm });
  const before = residentMiB(pid);
  let most = before;
  const watching = setInterval(() => most = Math.max(most, residentMiB(pid)), 20);
  await upload({ url, count: AT_ONCE, atOnce: AT_ONCE, isForm });
  clearInterval(watching);
  return most - before;
}

/** Uploads files from a thread of its own, as other people do, and answers how many ms it took. */
async function upload(uploads: Uploads): Promise<number> {
  const worker = new Worker(import.meta.resolve("./uploads_worker.ts"), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(uploads);
    });
  } finally {
    worker.terminate();
  }
}

function speedOf(count: number, ms: number): number {
  return count * FILE_BYTES / MB / (ms / 1_000);
}

/**
 * Somebody says something, waits for it to come back, and rests for 10 ms, until it is over; answers how many ms each message
 * took.
 */
export async function talk(url: string, isOver: (sent: number) => boolean): Promise<number[]> {
  const socket = new WebSocket(`${roomAddress(url, "talk")}?username=ada&batch=1`);
  await new Promise((resolve) => socket.onopen = resolve);
  const times: number[] = [];
  for (let i = 0; !isOver(i); i++) {
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
