/**
 * Documents, measured: `deno run -A tests/bench/documents.ts [seconds]`.
 *
 * 50 people write in one document, each 10 edits and cursor moves a second; how long an edit takes to another screen, and what memory the
 * service takes meanwhile. The service has one core to itself where `taskset` is there. Then: how long a document of a
 * mebibyte takes to open, cold.
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { type Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import * as sync from "y-protocols/sync";
import * as Y from "yjs";
import { PASSWORD } from "../support/cast.ts";
import { Editor } from "../support/editor.ts";
import { startProcess } from "../support/process.ts";
import { quantile, residentMiB } from "./figures.ts";
import { temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const WRITERS = 50;
/** Writers that draw what the others write, as a screen does; the rest only write. */
const SCREENS = 2;
const EDIT_EVERY_MS = 100;
/** Each writer's own text stays this long. */
const LENGTH = 200;
const MEBIBYTE = 1024 * 1024;

const seconds = Number(Deno.args[0] ?? 60);
await using directory = await temporaryDirectory();
const env = {
  KV_PATH: `${directory.path}/t.db`,
  LOG_CSV_PATH: `${directory.path}/log.csv`,
  SERVICE_TOKEN: TOKEN,
  MAX_CONNECTIONS_PER_USER: "0",
};

/** When each client's edits were sent, by the clock that they bring it to. */
const sent = new Map<number, Map<number, number>>();
const latencies: number[] = [];

class Writer {
  readonly doc = new Y.Doc();
  readonly #socket: WebSocket;
  readonly #isScreen: boolean;
  readonly ready: Promise<void>;
  edits = 0;
  #clock = 0;
  readonly #meta = new Map<number, { clock: number; lastUpdated: number }>();

  constructor(url: string, { cookie }: Visitor, isScreen: boolean) {
    this.#isScreen = isScreen;
    this.#socket = new WebSocket(url, { headers: { cookie } });
    this.#socket.binaryType = "arraybuffer";
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    sent.set(this.doc.clientID, new Map());
    this.#socket.onopen = () => this.#send((encoder) => sync.writeSyncStep1(encoder, this.doc));
    this.#socket.onclose = ({ code }) =>
      code > 1_005 && code !== 1_012 && report("a socket was closed with", String(code));
    this.#socket.onmessage = ({ data }) => {
      const now = performance.now();
      const decoder = decoding.createDecoder(new Uint8Array(data));
      // As the stock provider does.
      if (decoding.readVarUint(decoder) === 1) return this.#socket.send(data);
      const type = data.byteLength > 1 ? new Uint8Array(data)[1] : -1;
      if (type === 2 && !this.#isScreen) return;
      const { store } = this.doc;
      const clocks = type === 2
        ? new Map(Array.from(sent.keys(), (client) => [client, Y.getState(store, client)]))
        : undefined;
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, 0);
      sync.readSyncMessage(decoder, encoder, this.doc, this);
      if (encoding.length(encoder) > 1) this.#socket.send(encoding.toUint8Array(encoder));
      if (type === 1) resolve();
      if (!clocks) return;
      for (const [client, times] of sent) {
        const to = Y.getState(this.doc.store, client);
        for (let clock = (clocks.get(client) ?? 0) + 1; clock <= to; clock++) {
          const at = times.get(clock);
          if (at !== undefined && client !== this.doc.clientID) latencies.push(now - at);
        }
      }
    };
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#send((encoder) => sync.writeUpdate(encoder, update));
    });
  }

  /** Writes a character behind its own last one, and takes one away when it has written enough. */
  edit(): void {
    const text = this.doc.getText("content");
    const times = sent.get(this.doc.clientID);
    const next = Y.getState(this.doc.store, this.doc.clientID) + 1;
    times?.set(next, performance.now());
    times?.delete(next - 1_000);
    if (this.edits++ < LENGTH || this.edits % 2) text.insert(0, "字");
    else text.delete(0, 1);
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 1);
    const states = new Map([[this.doc.clientID, {
      cursor: { anchor: { item: null }, head: { item: null } },
    }]]);
    this.#meta.set(this.doc.clientID, { clock: ++this.#clock, lastUpdated: 0 });
    encoding.writeVarUint8Array(
      encoder,
      encodeAwarenessUpdate({ meta: this.#meta } as Awareness, [this.doc.clientID], states),
    );
    this.#socket.send(encoding.toUint8Array(encoder));
  }

  close(): void {
    this.#socket.close();
    this.doc.destroy();
  }

  #send(write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    write(encoder);
    this.#socket.send(encoding.toUint8Array(encoder));
  }
}

function report(what: string, figure: string): void {
  // deno-lint-ignore no-console -- a command speaks on stdout
  console.log(`${what.padEnd(48)}${figure}`);
}

/** Processor time so far, in seconds. */
function timeOf(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function pin(pid: number): Promise<boolean> {
  try {
    const args = ["-acp", "0", String(pid)];
    return (await new Deno.Command("taskset", { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

async function signUp(origin: string, username: string): Promise<Visitor> {
  const backend = new Visitor(origin, { authorization: `Bearer ${TOKEN}` });
  await backend.ask("POST", "/api/users", { username, password: PASSWORD });
  return await Visitor.signedIn(origin, username, PASSWORD);
}

{
  await using service = await startProcess(env);
  const isPinned = await pin(service.pid);
  const ada = await signUp(service.url, "ada");
  const url = `${service.url.replace("http", "ws")}/ws/documents/bench`;
  const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(url, ada, i < SCREENS));
  await Promise.all(writers.map(({ ready }) => ready));
  const timers = writers.map((writer, i) =>
    setTimeout(() => {
      timers[i] = setInterval(() => writer.edit(), EDIT_EVERY_MS);
    }, i * EDIT_EVERY_MS / WRITERS)
  );
  const memory: number[] = [];
  const began = performance.now();
  const time = timeOf(service.pid);
  const ownTime = timeOf(Deno.pid);
  while (performance.now() - began < seconds * 1_000) {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    memory.push(residentMiB(service.pid));
    if (memory.length === 1) latencies.length = 0;
  }
  for (const timer of timers) clearInterval(timer);
  const took = (performance.now() - began) / 1_000;
  const edits = writers.reduce((count, writer) => count + writer.edits, 0);
  const sorted = latencies.sort((a, b) => a - b);
  const ms = (share: number) => `${quantile(sorted, share).toFixed(1)} ms`;
  report("service on one core of its own", isPinned ? "yes" : "no");
  report("edits a second", (edits / took).toFixed(0));
  report("edit to another screen, median", ms(0.5));
  report("edit to another screen, p99", ms(0.99));
  report("edit to another screen, slowest", ms(1));
  const share = (seconds: number) => `${(seconds / took * 100).toFixed(0)} %`;
  report("processor, of the service", share(timeOf(service.pid) - time));
  // Near 100 % it is the clients' own slowness that is measured.
  report("processor, of all the clients", share(timeOf(Deno.pid) - ownTime));
  const at = (share: number) => memory[Math.floor((memory.length - 1) * share)].toFixed(0);
  report(
    "memory after 5 s, ¼, ½, ¾ and all of the time",
    `${[0, 0.25, 0.5, 0.75, 1].map(at).join(", ")} MiB`,
  );
  for (const writer of writers) writer.close();
  await service.end("SIGTERM");
}

{
  const line = "The minutes of a long meeting, line by line. ";
  const text = line.repeat(Math.ceil(MEBIBYTE / line.length)).slice(0, MEBIBYTE);
  {
    await using service = await startProcess(env);
    const bo = await signUp(service.url, "bo");
    await using editor = await Editor.at(service.url, "large", bo);
    // Written piece by piece in random places, as people do: many items, and not one.
    for (let from = 0; from < text.length; from += 512) {
      editor.text.insert(Math.floor(Math.random() * editor.text.length), text.slice(from, from + 512));
      if (from % 16_384 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await service.end("SIGTERM");
  }
  await using service = await startProcess(env);
  const bo = await Visitor.signedIn(service.url, "bo", PASSWORD);
  for (const what of ["cold", "warm"]) {
    const began = performance.now();
    await using editor = await Editor.at(service.url, "large", bo);
    report(
      `1 MiB opened, ${what} (${editor.text.length} characters)`,
      `${(performance.now() - began).toFixed(0)} ms`,
    );
  }
  await service.end("SIGTERM");
}
