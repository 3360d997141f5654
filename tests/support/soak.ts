/** The soak: a service under load that is killed again and again, and then has to account for every message. */
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { Client, roomAddress } from "./client.ts";
import { drained, startProcess } from "./process.ts";
import { parseCsv, readHistory, temporaryDirectory } from "./service.ts";

export interface SoakReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly rows: number;
  /** Acknowledged and not in the history, or in the history and not in the sheet. */
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
}

const ROOMS = ["lobby", "聊天室", "team-7"];
const CLIENTS_PER_ROOM = 2;
/** Messages that a client has under way. */
const WINDOW = 3;
/** Most processes die soon; some live longer than the lease, and die in the middle of an append. */
const SHORT_LIFE_MS = 500;
const LONG_LIFE_MS = 3_000;

/** Kills the service `kills` times at moments that `random` chooses, with rows going to this sink. */
export async function soak(options: {
  kills: number;
  sink: "csv" | "google";
  random: () => number;
  told?: (line: string) => void;
}): Promise<SoakReport> {
  const { kills, sink, random, told } = options;
  await using directory = await temporaryDirectory();
  await using google = await GoogleSheets.start();
  const csvPath = `${directory.path}/log.csv`;
  const env = {
    KV_PATH: `${directory.path}/talksheet.db`,
    LOG_CSV_PATH: csvPath,
    LOG_LEVEL: "warn",
    ...(sink === "google" && {
      GOOGLE_SHEET_ID: google.spreadsheetId,
      GOOGLE_CREDS_JSON: JSON.stringify(google.key),
      GOOGLE_API_ROOT: google.url,
    }),
  };
  const senders = ROOMS.flatMap((room) =>
    Array.from({ length: CLIENTS_PER_ROOM }, (_, i) => new Sender(room, `u${i}`))
  );
  for (let kill = 0; kill < kills; kill++) {
    await using service = await startProcess({ ...env, LOG_LEVEL: "info" });
    if (sink === "google" && random() < 0.5) {
      google.faults.clear();
      google.faults.next("append", { work: random() < 0.5 ? "done" : "undone", outcome: "drop" });
    }
    const lifeMs = 50 + random() * (random() < 0.3 ? LONG_LIFE_MS : SHORT_LIFE_MS);
    const talking = senders.map((sender) => sender.talk(service.url));
    await new Promise((resolve) => setTimeout(resolve, lifeMs));
    await service.kill();
    await Promise.all(talking);
    told?.(
      `kill ${kill + 1} of ${kills}: ${
        senders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
      } acknowledged`,
    );
  }
  google.faults.clear();
  await using service = await startProcess({ ...env, LOG_LEVEL: "info" });
  await drained(service);
  const report = { kills, acknowledged: 0, stored: 0, rows: 0, lost: 0, doubled: 0, outOfOrder: 0 };
  const rows = sink === "google" ? google.rows("ChatLogs") : parseCsv(await Deno.readTextFile(csvPath));
  for (const room of ROOMS) {
    const history = (await readHistory(service.url, room)).map(({ id }) => id);
    const standing = rows.filter((row) => row[1] === room).map((row) => row[4]);
    const acknowledged = senders.filter((sender) => sender.room === room).flatMap((sender) =>
      sender.acknowledged
    );
    const [inHistory, inSheet] = [new Set(history), new Set(standing)];
    report.acknowledged += acknowledged.length;
    report.stored += history.length;
    report.rows += standing.length;
    report.lost += acknowledged.filter((id) => !inHistory.has(id)).length +
      history.filter((id) => !inSheet.has(id)).length;
    report.doubled += history.length - inHistory.size + standing.length - inSheet.size;
    report.outOfOrder += history.filter((id, i) => i > 0 && id < history[i - 1]).length;
    report.outOfOrder += standing.filter((id, i) => id !== history[i]).length;
  }
  return report;
}

/** Somebody who sends and sends, and again what wasn't acknowledged before the service died. */
class Sender {
  readonly room: string;
  readonly acknowledged: string[] = [];
  readonly #name: string;
  readonly #unsent: string[] = [];
  #count = 0;

  constructor(room: string, name: string) {
    this.room = room;
    this.#name = name;
  }

  /** Talks until the service dies. */
  async talk(origin: string): Promise<void> {
    const client = new Client(`${roomAddress(origin, this.room)}?username=${this.#name}&batch=1`);
    try {
      await client.next("history");
      for (const text of this.#unsent) this.#send(client, text);
      for (;;) {
        while (this.#unsent.length < WINDOW) {
          const text = `${this.#name} ${this.#count++}`;
          this.#unsent.push(text);
          this.#send(client, text);
        }
        const { client_id: clientId, id } = await client.next("ack");
        this.#unsent.splice(this.#unsent.indexOf(clientId), 1);
        this.acknowledged.push(id);
      }
    } catch {
      // Killed, as it should be.
    }
    await client.closed;
  }

  #send(client: Client, text: string): void {
    client.send({ type: "chat_message", message: text, client_id: text });
  }
}
