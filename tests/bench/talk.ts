/** What members feel: fan-out, round trip, many connecting at once, memory for each. */
import { roomAddress } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";
import { type Figure, quantile, residentMiB } from "./figures.ts";

const MEMBERS = 200;
const WINDOW = 8;
const SECONDS = 3;
const STORM = 1_000;
/** Connections that are being made at a time. */
const AT_ONCE = 32;

/** From the start of the process to its first answer: what a platform that starts instances on demand lets people wait. */
export async function coldStart(runs: number): Promise<Figure[]> {
  const values: number[] = [];
  for (let run = 0; run <= runs; run++) {
    await using directory = await temporaryDirectory();
    const env = { KV_PATH: `${directory.path}/t.db`, LOG_CSV_PATH: `${directory.path}/c.csv` };
    const began = performance.now();
    await using service = await startProcess(env);
    await (await fetch(`${service.url}/healthz`)).body?.cancel();
    // The first one finds nothing in the system's caches.
    if (run > 0) values.push(performance.now() - began);
  }
  return [{ bench: "cold start", name: "process to first answer", unit: "ms", values }];
}

/** One sender, {@link MEMBERS} members who take joined frames: messages that arrive, a second. */
export async function fanOut(runs: number): Promise<Figure[]> {
  const values = await each(runs, async (url) => {
    const counts = Array<number>(MEMBERS).fill(0);
    const sockets = await connect(
      url,
      MEMBERS,
      (i, text) => counts[i] += text.split(`"type":"chat_message"`).length - 1,
    );
    const [sender] = sockets;
    const count = (): number => counts.reduce((sum, n) => sum + n, 0);
    let sent = 0;
    const message = JSON.stringify({ message: "The quick brown fox jumps over the lazy dog" });
    const pump = setInterval(() => {
      while (sent - counts[0] < WINDOW) {
        sender.send(message);
        sent++;
      }
    }, 0);
    sender.addEventListener("message", () => {
      while (sent - counts[0] < WINDOW) {
        sender.send(message);
        sent++;
      }
    });
    await pause(1_000);
    const before = count();
    await pause(SECONDS * 1_000);
    const after = count();
    clearInterval(pump);
    await disconnect(sockets);
    return (after - before) / SECONDS;
  });
  return [{ bench: "fan-out", name: `1 room of ${MEMBERS}`, unit: "deliveries/s", values }];
}

/** Two members, one message at a time, acknowledged: from sending to receiving it back. */
export async function roundTrip(runs: number): Promise<Figure[]> {
  const medians: number[] = [];
  const tails: number[] = [];
  await each(runs, async (url) => {
    let arrived: () => void = () => {};
    const sockets = await connect(url, 2, (i, text) => {
      if (i === 0 && text.includes(`"type":"chat_message"`)) arrived();
    });
    const times: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const began = performance.now();
      const done = new Promise<void>((resolve) => arrived = resolve);
      sockets[0].send(JSON.stringify({ type: "chat_message", message: "hi", client_id: `c${i}` }));
      await done;
      if (i >= 500) times.push(performance.now() - began);
    }
    await disconnect(sockets);
    medians.push(quantile(times, 0.5));
    tails.push(quantile(times, 0.99));
    return 0;
  });
  return [
    { bench: "round trip", name: "p50, with client_id", unit: "ms", values: medians },
    { bench: "round trip", name: "p99, with client_id", unit: "ms", values: tails },
  ];
}

/** What a message's commit waits for at least: a page of KV's file written and synced. */
export async function diskSync(runs: number): Promise<Figure[]> {
  const medians: number[] = [];
  for (let run = 0; run < runs; run++) {
    await using directory = await temporaryDirectory();
    using file = await Deno.open(`${directory.path}/sync`, { create: true, append: true });
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      await file.write(new Uint8Array(4096));
      const began = performance.now();
      file.syncDataSync();
      times.push(performance.now() - began);
    }
    medians.push(quantile(times, 0.5));
  }
  return [{ bench: "round trip", name: "the disk's sync of 4 KiB, p50", unit: "ms", values: medians }];
}

/** {@link STORM} connections to 20 rooms at once: how long until all have their history, and what each takes. */
export async function storm(runs: number): Promise<Figure[]> {
  const seconds: number[] = [];
  const memory: number[] = [];
  await each(runs, async (url, pid) => {
    const before = residentMiB(pid);
    const began = performance.now();
    const sockets = await connect(url, STORM, () => {}, 20);
    seconds.push((performance.now() - began) / 1000);
    await pause(1_000);
    memory.push(((residentMiB(pid) - before) * 1024) / STORM);
    await disconnect(sockets);
    return 0;
  });
  return [
    { bench: "connect storm", name: `${STORM} connections`, unit: "s", values: seconds },
    { bench: "connect storm", name: "memory for each", unit: "KiB", values: memory },
  ];
}

async function each(runs: number, measure: (url: string, pid: number) => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let run = 0; run < runs; run++) {
    await using directory = await temporaryDirectory();
    await using service = await startProcess({
      KV_PATH: `${directory.path}/t.db`,
      LOG_CSV_PATH: `${directory.path}/log.csv`,
      MAX_CONNECTIONS_PER_IP: "0",
    });
    values.push(await measure(service.url, service.pid));
  }
  return values;
}

/** Connects members who have received their history, over `rooms` rooms; `told` gets what comes afterwards. */
export async function connect(
  url: string,
  count: number,
  told: (member: number, text: string) => void,
  rooms = 1,
): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const group = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => {
      const member = first + i;
      const socket = new WebSocket(
        `${roomAddress(url, `room${member % rooms}`)}?batch=1&username=u${member}`,
      );
      sockets.push(socket);
      return new Promise<void>((resolve, reject) => {
        socket.onerror = () => reject(new Error("A connection failed"));
        socket.onmessage = () => {
          socket.onmessage = ({ data }) => told(member, data);
          resolve();
        };
      });
    });
    await Promise.all(group);
  }
  return sockets;
}

/** Closes sockets, and resolves when they are closed. */
export async function disconnect(sockets: readonly WebSocket[]): Promise<void> {
  await Promise.all(sockets.map((socket) =>
    new Promise<void>((resolve) => {
      socket.onclose = () => resolve();
      socket.close();
    })
  ));
}

/** Resolves after this time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
