/** How fast waiting messages get into the sheet, and what memory a million of them takes. */
import { Archive } from "../../rooms/messages/archive.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { committer } from "../support/delivery.ts";
import { drained, startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";
import { type Figure, residentMiB } from "./figures.ts";

const DRAINED = 100_000;
const WAITING = 1_000_000;
const BATCH = 200;

/** 100,000 messages wait; the service starts, and brings them into Google's stand-in within its quota. */
export async function drain(runs: number): Promise<Figure[]> {
  const seconds: number[] = [];
  const rates: number[] = [];
  const writes: number[] = [];
  for (let run = 0; run < runs; run++) {
    await using directory = await temporaryDirectory();
    await fill(`${directory.path}/t.db`, DRAINED);
    await using google = await GoogleSheets.start({ quotaPerMinute: 60 });
    await using service = await startProcess(environment(directory.path, google));
    const began = performance.now();
    await drained(service);
    const took = (performance.now() - began) / 1000;
    const rows = google.rows("ChatLogs").length - 1;
    if (rows !== DRAINED) throw new Error(`${rows} rows stand, not ${DRAINED}`);
    seconds.push(took);
    rates.push(rows / took);
    writes.push(google.requests.filter(({ operation }) => operation === "append").length);
  }
  const bench = "log drain";
  return [
    { bench, name: `${DRAINED.toLocaleString("en")} rows`, unit: "s", values: seconds },
    { bench, name: "rows", unit: "rows/s", values: rates },
    { bench, name: "appends", unit: "requests", values: writes },
  ];
}

/** A million messages wait while Google is out of reach. */
export async function memoryWhileWaiting(): Promise<Figure[]> {
  await using directory = await temporaryDirectory();
  await fill(`${directory.path}/t.db`, WAITING);
  await using google = await GoogleSheets.start();
  await google.network.refuse();
  await using service = await startProcess(environment(directory.path, google));
  const seen: number[] = [];
  for (let second = 0; second < 20; second++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await fetch(`${service.url}/healthz`).then((response) => response.body?.cancel());
    seen.push(residentMiB(service.pid));
  }
  const bench = "memory";
  return [{ bench, name: "while 1,000,000 rows wait", unit: "MiB", values: seen.slice(5) }];
}

function environment(directory: string, google: GoogleSheets): Record<string, string> {
  return {
    KV_PATH: `${directory}/t.db`,
    GOOGLE_SHEET_ID: google.spreadsheetId,
    GOOGLE_CREDS_JSON: JSON.stringify(google.key),
    GOOGLE_API_ROOT: google.url,
  };
}

/** Leaves a database as a service does whose sheet was out of reach. */
async function fill(path: string, count: number): Promise<void> {
  using kv = await Deno.openKv(path);
  const outbox = new Outbox(kv);
  const commit = committer(kv, outbox);
  const text = "The quick brown fox jumps over the lazy dog";
  for (let i = 0; i < count; i += BATCH) await commit(`room${(i / BATCH) % 50}`, ...Array(BATCH).fill(text));
  const archive = new Archive(kv, outbox);
  await archive.open();
  await archive.advance();
}
