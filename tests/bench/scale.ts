/** The same calls at growing amounts of data: what grows, what stays flat, and what retention gives back. */
import { ulid } from "ulid";
import { Accounts } from "../../rooms/access/accounts.ts";
import { Passwords } from "../../rooms/access/passwords.ts";
import { systemClock } from "../../rooms/clock.ts";
import { ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { Archive } from "../../rooms/messages/archive.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { Client } from "../support/client.ts";
import { committer } from "../support/delivery.ts";
import { writePast } from "../support/past.ts";
import { type ServiceProcess, startProcess } from "../support/process.ts";
import { temporaryDirectory, TOKEN } from "../support/service.ts";
import { type Figure, residentMiB, table } from "./figures.ts";
import { pause } from "./talk.ts";

const MESSAGES = [1_000, 100_000, 1_000_000];
/** Between two messages. */
const APART_MS = 1_000;
const FORGOTTEN = 100_000;
const ROOMS = 10_000;
const ACCOUNTS = 10_000;
const PASSWORD = "a password of a bench";
const DAY_MS = 24 * 60 * 60 * 1000;
const CALLS = 10;
const POLL_MS = 200;

/** Messages of one room, rooms, accounts, and retention. */
export async function scale(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of MESSAGES) figures.push(...await messagesOfARoom(count));
  return [...figures, ...await manyRooms(), ...await manyAccounts(), ...await retention()];
}

async function messagesOfARoom(count: number): Promise<Figure[]> {
  const bench = `${count.toLocaleString("en")} messages`;
  await using directory = await temporaryDirectory();
  const middle = await withKv(directory.path, async (kv) => {
    let time = Date.now() - count * APART_MS;
    const now = (): number => time += APART_MS;
    await writePast(kv, "lobby", count / 2, undefined, now);
    const id = ulid(time);
    await writePast(kv, "lobby", count / 2, undefined, now);
    return id;
  });
  const onDisk = {
    bench,
    name: "on disk, each",
    unit: "bytes",
    values: [bytesOnDisk(directory.path) / count],
  };
  const { service, start } = await startTwice(directory.path);
  await using _service = service;
  const history = `${service.url}/api/rooms/lobby/messages?limit=200`;
  return [
    onDisk,
    ...start(bench),
    { bench, name: "entering", unit: "ms", values: await timed(() => enter(service, "lobby")) },
    { bench, name: "200 newest", unit: "ms", values: await timed(() => read(history)) },
    {
      bench,
      name: "200 from the middle",
      unit: "ms",
      values: await timed(() => read(`${history}&before=${middle}`)),
    },
    { bench, name: "memory", unit: "MiB", values: [residentMiB(service.pid)] },
  ];
}

/** Rooms with one message each, of which a page of the list is read, and some are entered. */
async function manyRooms(): Promise<Figure[]> {
  const bench = `${ROOMS.toLocaleString("en")} rooms`;
  await using directory = await temporaryDirectory();
  await withKv(directory.path, async (kv) => {
    const outbox = new Outbox(kv);
    const commit = committer(kv, outbox);
    for (let i = 0; i < ROOMS; i++) await commit(`room${i}`, "hello");
    const archive = new Archive(kv, outbox);
    await archive.open();
    await archive.advance();
  });
  const { service, start } = await startTwice(directory.path);
  await using _service = service;
  const names = Array.from({ length: 50 }, (_, i) => `name=room${i * 100}`).join("&");
  let entered = 0;
  return [
    ...start(bench),
    {
      bench,
      name: "entering",
      unit: "ms",
      values: await timed(() => enter(service, `room${entered++ * 7}`)),
    },
    {
      bench,
      name: "50 summaries",
      unit: "ms",
      values: await timed(() => read(`${service.url}/api/rooms?${names}`)),
    },
    { bench, name: "memory", unit: "MiB", values: [residentMiB(service.pid)] },
  ];
}

async function manyAccounts(): Promise<Figure[]> {
  const bench = `${ACCOUNTS.toLocaleString("en")} accounts`;
  await using directory = await temporaryDirectory();
  await withKv(directory.path, async (kv) => {
    const changes = new ChangeFeed(kv, systemClock);
    await changes.open();
    const passwords = new Passwords(1);
    const accounts = new Accounts({ kv, changes, passwords, now: Date.now });
    await accounts.open();
    for (let i = 0; i < ACCOUNTS; i++) {
      await accounts.create({ username: `person ${i}`, password: PASSWORD, role: "user" });
    }
    changes.close();
  });
  const { service, start } = await startTwice(directory.path);
  await using _service = service;
  const signIn = async (): Promise<void> => {
    const body = JSON.stringify({ username: "person 9000", password: PASSWORD });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${service.url}/api/session`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.body?.cancel();
  };
  const list = `${service.url}/api/users`;
  return [
    ...start(bench),
    { bench, name: "signing in, without the hash", unit: "ms", values: await timed(signIn) },
    { bench, name: "list", unit: "ms", values: await timed(() => read(list)) },
    { bench, name: "a guest enters", unit: "ms", values: await timed(() => enter(service, "lobby")) },
    { bench, name: "memory", unit: "MiB", values: [residentMiB(service.pid)] },
  ];
}

/** Messages of last week are forgotten, and as many are said after that: does the file grow? */
async function retention(): Promise<Figure[]> {
  const bench = `retention of ${FORGOTTEN.toLocaleString("en")} messages`;
  await using directory = await temporaryDirectory();
  const lastWeek = Date.now() - 7 * DAY_MS;
  await withKv(directory.path, (kv) => writePast(kv, "lobby", FORGOTTEN, undefined, () => lastWeek));
  const before = bytesOnDisk(directory.path);
  const began = performance.now();
  let took: number;
  {
    await using service = await startIn(directory.path, { RETENTION_DAYS: "1" });
    const newest = `${service.url}/api/rooms/lobby/messages?limit=1`;
    while ((await (await fetch(newest)).json()).messages.length) await pause(POLL_MS);
    took = performance.now() - began;
    await service.end("SIGTERM");
  }
  const after = bytesOnDisk(directory.path);
  await withKv(directory.path, (kv) => writePast(kv, "lobby", FORGOTTEN));
  const again = bytesOnDisk(directory.path);
  return [
    { bench, name: "start and forgetting", unit: "s", values: [took / 1_000] },
    { bench, name: "file before", unit: "MB", values: [before / 1e6] },
    { bench, name: "file after", unit: "MB", values: [after / 1e6] },
    { bench, name: "file with as many new ones", unit: "MB", values: [again / 1e6] },
  ];
}

async function withKv<T>(directory: string, act: (kv: Deno.Kv) => Promise<T>): Promise<T> {
  using kv = await Deno.openKv(`${directory}/t.db`);
  return await act(kv);
}

/** The first start counts and indexes what is there, as after an upgrade; the second one is what people wait for. */
async function startTwice(
  directory: string,
): Promise<{ service: ServiceProcess; start: (bench: string) => Figure[] }> {
  const times: number[] = [];
  let began = performance.now();
  {
    await using service = await startIn(directory);
    times.push(performance.now() - began);
    await service.end("SIGTERM");
  }
  began = performance.now();
  const service = await startIn(directory);
  times.push(performance.now() - began);
  return {
    service,
    start: (bench) =>
      times.map((time, i) => ({ bench, name: i ? "start" : "first start", unit: "ms", values: [time] })),
  };
}

async function startIn(directory: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
  const files = { KV_PATH: `${directory}/t.db`, LOG_CSV_PATH: `${directory}/log.csv` };
  return await startProcess({ ...files, SERVICE_TOKEN: TOKEN, MAX_CONNECTIONS_PER_IP: "0", ...env });
}

async function enter(service: ServiceProcess, room: string): Promise<void> {
  await using _member = await Client.enter(service.url, room, "?username=bo");
}

async function read(url: string): Promise<void> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
}

/** Milliseconds of {@link CALLS} calls, one after the other. */
async function timed(call: () => Promise<void>): Promise<number[]> {
  const values: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    const began = performance.now();
    await call();
    values.push(performance.now() - began);
  }
  return values;
}

function bytesOnDisk(directory: string): number {
  return Array.from(Deno.readDirSync(directory)).filter(({ name }) => name.startsWith("t.db"))
    .reduce((sum, { name }) => sum + Deno.statSync(`${directory}/${name}`).size, 0);
}

// deno-lint-ignore no-console -- a command speaks on stdout
if (import.meta.main) console.log(table(await scale()));
