/**
 * What a delivery costs the processor beside the floor, a bare server that does nothing else (`floor_server.ts`). Both run at
 * the same time and work in turns, and the processor's time is read instead of a clock: so the ratio says the same on a fast
 * machine and on a slow one that does other things, too.
 */
import { startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";
import { connect, disconnect } from "./talk.ts";
import type { Figure } from "./figures.ts";

/** What is said in one round, in bursts: each begins when the last one has come to all members. */
export interface Load {
  readonly name: string;
  readonly rooms: number;
  /** The members of each room; the first one speaks. */
  readonly members: number;
  /** Messages of each room in one burst. */
  readonly burst: number;
  readonly bursts: number;
}

/** One large room, and many small ones. */
export const LOADS: readonly Load[] = [
  { name: "1 room of 200", rooms: 1, members: 200, burst: 8, bursts: 25 },
  { name: "50 rooms of 4", rooms: 50, members: 4, burst: 4, bursts: 15 },
];

const FLOOR = new URL("floor_server.ts", import.meta.url).pathname;
/** V8's flag of `deno task start`. */
const FLAGS = ["-A", "--v8-flags=--max-semi-space-size=8"];
/** Stands once in each message, and nowhere else. */
const MARK = "§";
const MESSAGE = JSON.stringify({
  type: "chat_message",
  message: `${MARK} The quick brown fox jumps over the lazy dog`,
});
/** The first rounds are slower, until V8 has compiled what is used. */
const WARM_UP = 2;

/**
 * The floor's time of the processor for a delivery, divided by the service's: 1 is as cheap as the floor. The least of up to
 * `rounds` rounds of each counts; fewer are made as soon as the ratio is `enough`.
 */
export async function besideFloor(load: Load, rounds: number, enough = Infinity): Promise<number> {
  await using directory = await temporaryDirectory();
  const env = (name: string) => ({
    KV_PATH: `${directory.path}/${name}.db`,
    LOG_CSV_PATH: `${directory.path}/${name}.csv`,
    MAX_CONNECTIONS_PER_IP: "0",
  });
  await using ours = await startProcess(env("ours"), [], FLAGS);
  await using floor = await startProcess(env("floor"), [], FLAGS, FLOOR);
  await using ourTalk = await Talk.begin(ours.url, ours.pid, load);
  await using floorTalk = await Talk.begin(floor.url, floor.pid, load);
  const least = { ours: Infinity, floor: Infinity };
  for (let round = 0; round < WARM_UP + rounds && !(least.floor / least.ours >= enough); round++) {
    const costs = { ours: await ourTalk.round(), floor: await floorTalk.round() };
    if (round < WARM_UP) continue;
    least.ours = Math.min(least.ours, costs.ours);
    least.floor = Math.min(least.floor, costs.floor);
  }
  return least.floor / least.ours;
}

/** The ratio for each load, as figures of `deno task bench`. */
export async function floor(runs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const load of LOADS) {
    const values: number[] = [];
    for (let run = 0; run < runs; run++) values.push(await besideFloor(load, 12));
    figures.push({ bench: "processor, beside a bare server", name: load.name, unit: "of 1", values });
  }
  return figures;
}

/** The members of one server, who count what comes. */
class Talk implements AsyncDisposable {
  readonly #pid: number;
  readonly #load: Load;
  #sockets: readonly WebSocket[] = [];
  #missing = 0;
  #isComplete = Promise.withResolvers<void>();

  private constructor(pid: number, load: Load) {
    this.#pid = pid;
    this.#load = load;
  }

  static async begin(url: string, pid: number, load: Load): Promise<Talk> {
    const talk = new Talk(pid, load);
    const { rooms, members } = load;
    talk.#sockets = await connect(url, rooms * members, (_, text) => talk.#came(text), rooms);
    return talk;
  }

  /** Microseconds of the server's time for each delivery of a round. */
  async round(): Promise<number> {
    const { rooms, members, burst, bursts } = this.#load;
    const deliveries = rooms * members * burst;
    const before = await processorTime(this.#pid);
    for (let i = 0; i < bursts; i++) {
      this.#missing = deliveries;
      this.#isComplete = Promise.withResolvers();
      // Members are dealt out to rooms in turn: the first ones are in different rooms.
      for (const sender of this.#sockets.slice(0, rooms)) {
        for (let i = 0; i < burst; i++) sender.send(MESSAGE);
      }
      await this.#isComplete.promise;
    }
    return (await processorTime(this.#pid) - before) / (deliveries * bursts);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return disconnect(this.#sockets);
  }

  #came(text: string): void {
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + 1)) this.#missing--;
    if (this.#missing <= 0) this.#isComplete.resolve();
  }
}

/** The time that a process has used so far, in microseconds: that of its threads, as Linux counts it in nanoseconds. */
async function processorTime(pid: number): Promise<number> {
  let nanoseconds = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => "0");
    nanoseconds += Number(text.split(" ", 1)[0]);
  }
  return nanoseconds / 1_000;
}
