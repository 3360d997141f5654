/** The cluster under fire: several processes, killed again and again, that have to account for every message. */
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { Client, type Frame, roomAddress } from "./client.ts";
import { type Engine, startDenokv, startRedis } from "./servers.ts";
import { drained, startProcess } from "./process.ts";
import { readHistory, temporaryDirectory } from "./service.ts";

export interface ClusterReport {
  readonly acknowledged: number;
  /** In the history. */
  readonly stored: number;
  readonly rows: number;
  /** Acknowledged and not in the history, in the history and not in the sheet, or not shown to a member. */
  lost: number;
  doubled: number;
  outOfOrder: number;
}

const ROOMS = ["lobby", "聊天室"];
const MEMBERS_PER_ROOM = 4;
/** Messages that a member has under way. */
const WINDOW = 3;
const LIFE_MS = 1_500;
/** How long another process may take to write rows on a machine that does much else. */
const PATIENCE_MS = 60_000;

/** Kills one of `processes` so many times, and in the middle of it Redis, when it is used. */
export async function clusterSoak(options: {
  processes: number;
  kills: number;
  withRedis: boolean;
  random: () => number;
}): Promise<ClusterReport> {
  const { processes, kills, withRedis, random } = options;
  await using directory = await temporaryDirectory();
  await using google = await GoogleSheets.start();
  await using kv = await startDenokv(directory.path);
  await using redis: Engine | undefined = withRedis ? await startRedis() : undefined;
  const env: Record<string, string> = {
    KV_PATH: kv.url,
    DENO_KV_ACCESS_TOKEN: String(Deno.env.get("DENO_KV_ACCESS_TOKEN")),
    GOOGLE_SHEET_ID: google.spreadsheetId,
    GOOGLE_CREDS_JSON: JSON.stringify(google.key),
    GOOGLE_API_ROOT: google.url,
    ...(redis && { REDIS_URL: redis.url }),
  };
  const services = await Promise.all(Array.from({ length: processes }, () => startProcess(env)));
  const members = ROOMS.flatMap((room) =>
    Array.from({ length: MEMBERS_PER_ROOM }, (_, i) => new Member(room, `u${i}`))
  );
  const over = new AbortController();
  const pick = (): string => services[Math.floor(random() * services.length)].url;
  const talking = members.map((member) => member.live(pick, over.signal));
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, LIFE_MS * (0.5 + random())));
    if (redis && kill === Math.floor(kills / 2)) {
      await redis.kill();
      await redis.start();
    }
    const victim = Math.floor(random() * processes);
    await services[victim].kill();
    await nextAppend(google);
    services[victim] = await startProcess(env);
  }
  over.abort();
  await Promise.all(talking);
  await drained(services[0]);
  const report = { acknowledged: 0, stored: 0, rows: 0, lost: 0, doubled: 0, outOfOrder: 0 };
  for (const room of ROOMS) {
    const inRoom = members.filter((member) => member.room === room);
    const history = await readHistory(services[0].url, room);
    const ids = history.map(({ id }) => id);
    const rows = google.rows("ChatLogs").filter((row) => row[1] === room).map((row) => row[4]);
    const acknowledged = inRoom.flatMap((member) => member.acknowledged);
    report.acknowledged += acknowledged.length;
    report.stored += ids.length;
    report.rows += rows.length;
    report.lost += missing(acknowledged, ids) + missing(ids, rows);
    report.doubled += doubles(ids) + doubles(rows) + doubles(history.map(({ message }) => message));
    report.outOfOrder += misplaced(rows, ids);
    for (const { seen } of inRoom) {
      // Everyone has seen all from the first message that they saw to the last.
      const due = ids.slice(ids.indexOf(seen[0]), ids.indexOf(seen[seen.length - 1]) + 1);
      report.lost += missing(due, seen);
      report.doubled += doubles(seen);
      report.outOfOrder += misplaced(seen, due);
    }
  }
  await Promise.all(services.map((service) => service.end("SIGTERM")));
  return report;
}

/** Somebody who talks without end, comes back after every cut, and notes what comes. */
class Member {
  readonly room: string;
  readonly acknowledged: string[] = [];
  /** The ids of all messages, in the order in which they were shown. */
  readonly seen: string[] = [];
  readonly #name: string;
  readonly #unsent: string[] = [];
  #count = 0;

  constructor(room: string, name: string) {
    this.room = room;
    this.#name = name;
  }

  /** Talks at one address after the other until the signal aborts and all that was sent is acknowledged. */
  async live(pick: () => string, over: AbortSignal): Promise<void> {
    while (!over.aborted || this.#unsent.length) {
      await this.#talk(pick(), over).catch(() => {});
      // A killed process refuses at once.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #talk(origin: string, over: AbortSignal): Promise<void> {
    const after = this.seen.length ? `&after=${this.seen[this.seen.length - 1]}` : "";
    const client = new Client(`${roomAddress(origin, this.room)}?username=${this.#name}&batch=1${after}`);
    let read = 0;
    const send = (text: string): void =>
      client.send({ type: "chat_message", message: text, client_id: text });
    const take = ({ type, id, client_id: clientId, messages }: Frame): void => {
      if (type === "history") this.seen.push(...messages.map(({ id }: Frame) => id));
      else if (type === "chat_message") this.seen.push(id);
      else if (type === "error") send(clientId);
      else if (type === "ack") {
        this.#unsent.splice(this.#unsent.indexOf(clientId), 1);
        this.acknowledged.push(id);
      }
    };
    try {
      let isIn = false;
      await client.until((frames) => {
        for (; read < frames.length; read++) {
          take(frames[read]);
          if (frames[read].type !== "history" || isIn) continue;
          isIn = true;
          this.#unsent.forEach(send);
        }
        while (isIn && this.#unsent.length < WINDOW && !over.aborted) {
          const text = `${this.#name} ${this.#count++}`;
          this.#unsent.push(text);
          send(text);
        }
        return over.aborted && !this.#unsent.length;
      });
    } finally {
      await client.close();
    }
  }
}

/** Resolves when the next row is written: another process has taken over from one that is dead. */
async function nextAppend(google: GoogleSheets): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const { length } = google.rows("ChatLogs");
  while (google.rows("ChatLogs").length === length) {
    if (performance.now() > end) throw new Error("No other process took over");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function missing(wanted: readonly string[], there: readonly string[]): number {
  const all = new Set(there);
  return wanted.filter((id) => !all.has(id)).length;
}

function doubles(ids: readonly string[]): number {
  return ids.length - new Set(ids).size;
}

function misplaced(ids: readonly string[], order: readonly string[]): number {
  const places = new Map(order.map((id, place) => [id, place]));
  return ids.filter((id, i) => i > 0 && Number(places.get(id)) < Number(places.get(ids[i - 1]))).length;
}
