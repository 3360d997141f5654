/**
 * Talksheet: chat rooms in the browser whose every message becomes one row in a sheet.
 *
 * The composition root: opens KV, builds the parts from the inner to the outer, serves, and stops in reverse.
 */
import { dirname } from "node:path";
import { Archive } from "./rooms/archive.ts";
import { openAccess } from "./rooms/access.ts";
import { Changes } from "./rooms/changes.ts";
import { Erasure } from "./rooms/erasure.ts";
import { Bulletin } from "./sheets/bulletin.ts";
import { Broadcast } from "./rooms/fan_out/broadcast.ts";
import type { Channel } from "./rooms/fan_out/channel.ts";
import { KeyValue } from "./rooms/fan_out/key_value.ts";
import { Redis } from "./rooms/fan_out/redis.ts";
import { History } from "./rooms/history.ts";
import { Journal } from "./rooms/journal.ts";
import { Lobby } from "./rooms/lobby.ts";
import { createScribe } from "./rooms/message.ts";
import { Neighbours } from "./rooms/neighbours.ts";
import { Outbox } from "./rooms/outbox.ts";
import { CLOSE } from "./rooms/protocol.ts";
import { tellRules } from "./rooms/rules.ts";
import { Relay } from "./rooms/relay.ts";
import { Seal } from "./rooms/seal.ts";
import { shared } from "./rooms/shared_kv.ts";
import { Tail } from "./rooms/tail.ts";
import { createApp } from "./routes/app.ts";
import { type Config, ConfigError, isRemote, readConfig, VARIABLE_NAMES } from "./routes/config.ts";
import { createLog, errorFields, type Log } from "./routes/log.ts";
import { systemClock } from "./rooms/clock.ts";
import { CsvFile } from "./sheets/csv_file.ts";
import { DirectDoorbell, hasQueue, QueueDoorbell } from "./sheets/doorbell.ts";
import { Flusher } from "./sheets/flusher.ts";
import { readServiceAccountKey } from "./sheets/google_key.ts";
import { GoogleSheet } from "./sheets/google_sheet.ts";
import { Lease } from "./rooms/lease.ts";
import { idOf, Ledger } from "./sheets/ledger.ts";
import { SharedLogStatus } from "./sheets/log_status.ts";
import { FILE_PACE, GOOGLE_PACE } from "./sheets/pace.ts";
import type { Row, Sheet } from "./sheets/sheet.ts";

/** A running service. */
export interface Service extends AsyncDisposable {
  /** Where it listens, as an origin: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Looks for messages that wait for the sheet; resolves when they are written, or nobody works any more. */
  sweep(): Promise<void>;
  /** Stops within 5 s: what isn't in the sheet by then stays in the outbox. */
  stop(): Promise<void>;
}

/** When clients whose sockets close with the service may come back, give or take. */
const RETRY_AFTER_MS = 1_000;
/** How long clients may take to answer that their sockets close. */
const SOCKETS_CLOSE_WITHIN_MS = 1_000;
/** How long the append that is under way, and the requests that are being answered, may take when the service stops. */
const STOP_WITHIN_MS = 3_000;
/** How long an append that was cut short may take to notice. */
const GIVE_UP_WITHIN_MS = 500;
/** How often what the archive holds is dropped from memory, and the depth of the outbox is read. */
const HOUSEKEEPING_MS = 2_000;

/** Starts the service; what the configuration leaves out is as {@link readConfig} makes it of an empty environment. */
export async function start(given: Partial<Config> = {}): Promise<Service> {
  const config = { ...readConfig({}), ...given };
  const log = createLog(config.logLevel, writeLine);
  const sheet = await openSheet(config);
  const kv = await openKv(config);
  const clock = systemClock;
  const { now } = clock;
  const random = Math.random;

  const isLeaderless = config.fanOut === "none" || config.fanOut === "kv";
  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  await archive.open();
  if (isLeaderless) await archive.advance();
  await outbox.refresh();
  const history = new History(archive);

  const isQueued = config.logDelivery !== "sweep" && await hasQueue(kv);
  if (config.logDelivery === "queue" && !isQueued) {
    kv.close();
    throw new ConfigError('LOG_DELIVERY is "queue", but this KV has no queues; wanted: auto or sweep');
  }
  const doorbell = isQueued ? new QueueDoorbell(kv) : new DirectDoorbell();
  const failed = (what: string) => (error: unknown): void => log.error(what, errorFields(error));
  const tail: Tail = new Tail({
    outbox,
    archive,
    history,
    deliver: (messages) => {
      relay?.passed(messages);
      lobby.deliver(messages);
    },
    failed: failed("tail_failed"),
  });
  const channel = await openChannel(config, kv, log, () => tail.ring());
  const leadership = isLeaderless ? undefined : new Lease(kv, "journal", clock);
  const seal = new Seal({ kv, isRemote: isRemote(config.kvPath), lease: leadership });
  const journal = new Journal({
    kv,
    outbox,
    seal,
    isShared: config.fanOut === "kv",
    add: (commit, entries) => {
      doorbell.add(commit, entries[0].draft.id);
      relay?.add(commit, entries);
      if (channel instanceof KeyValue) channel.ring(commit);
    },
    committed: (commit) => {
      doorbell.added();
      if (relay) relay.committed(commit);
      else if (channel) tail.ring();
      else tail.push(tail.cursor, commit);
    },
    failed: (error, messages) => {
      doorbell.failed();
      log.error("commit_failed", { messages, ...errorFields(error) });
    },
    displaced: (entries) => relay?.displaced(entries),
  });
  const relay = leadership && channel && new Relay({
    kv,
    channel,
    journal,
    lease: leadership,
    tail,
    leads: () => {
      log.info("leading");
      startFlusher();
    },
    failed: failed("relay_failed"),
  });
  const scribe = createScribe({ timeZone: config.timeZone, now, random, after: archive.lastId });
  const changes = new Changes(kv, now);
  await changes.open();
  const access = await openAccess({
    kv,
    changes,
    now,
    admin: adminIn(config),
    failed: failed("visit_failed"),
  });
  const neighbours = channel &&
    new Neighbours({ channel, rooms: () => lobby.rooms(), room: (name) => lobby.open(name) });
  const caughtUp = (): Promise<void> => channel ? tail.catchUp() : Promise.resolve();
  const lobby: Lobby = new Lobby({
    ...config,
    history,
    journal: relay ?? journal,
    outbox,
    scribe,
    now,
    caughtUp,
    elsewhere: neighbours,
    failed: failed("history_failed"),
  });

  const erasure = new Erasure({
    archive,
    history,
    changes,
    caughtUp,
    tell: (room, frame) => lobby.tell(room, frame),
  });
  tellRules({ changes, rules: access.rules, tell: (room, frame) => lobby.tell(room, frame) });

  const lease = new Lease(kv, "log", clock);
  const ledgerSeal = new Seal({ kv, isRemote: isRemote(config.kvPath), lease });
  const ledger = new Ledger({ kv, outbox, archive, sheet, lease, seal: ledgerSeal, clock });
  await ledger.load();
  const dead = await ledger.deadLetters.list();
  history.markRecorded(ledger.settled, [], dead.map(({ row }) => ({ id: idOf(row) })));
  const flusher = new Flusher({
    outbox,
    ledger,
    lease,
    pace: config.googleSheetId ? GOOGLE_PACE : FILE_PACE,
    clock,
    random,
    looking: () => doorbell.looked(),
    settled: ({ upTo, recorded, refused }) => {
      const placeOf = ([, room, , , id]: Row): { room: string; id: string } => ({ room, id });
      const settled = {
        upTo,
        recorded: recorded.map(placeOf),
        refused: refused.map(({ row }) => placeOf(row)),
      };
      bulletin.settled(settled);
      for (const { row, cause } of refused) log.warn("row_refused", { id: idOf(row), cause });
      log.debug("rows_written", { rows: recorded.length });
    },
    troubled: (trouble, cause) => {
      logStatus.tell(trouble);
      if (!trouble) log.info("log_recovered");
      else log.warn(`log_${trouble.state}`, errorFields(cause));
    },
  });

  const stopped = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const killing = new AbortController();
  let flushing: Promise<void> | undefined;
  function startFlusher(): void {
    if (flushing) return;
    doorbell.listen(flusher).catch(failed("doorbell_failed"));
    flushing = flusher.run(stopping.signal, killing.signal);
  }
  const logStatus = new SharedLogStatus(flusher, channel);
  const bulletin = new Bulletin({ history, lobby, ledger, lease, channel });
  await channel?.listen((post) => {
    relay?.receive(post);
    neighbours?.receive(post);
    bulletin.receive(post);
    logStatus.receive(post);
  }, () => {
    tail.ring();
    neighbours?.ask();
  });
  await tail.catchUp();
  if (relay) await relay.open();
  else startFlusher();
  neighbours?.open();
  logStatus.open();
  const looking = changes.run(stopping.signal, failed("look_failed"));
  const forgetting = erasure.run({
    ...config,
    now,
    signal: stopping.signal,
    forgotten: (messages) => log.info("history_forgotten", { messages }),
    failed: failed("forgetting_failed"),
  });
  const housekeeping = setInterval(() => {
    const keep = async (): Promise<void> => {
      if (!relay || relay.isLeading) await archive.advance();
      else await archive.open();
      history.trim();
      await outbox.refresh();
      if (!channel) return;
      await bulletin.look();
      tail.ring();
    };
    keep().catch(failed("housekeeping_failed"));
  }, HOUSEKEEPING_MS);

  const app = createApp({
    ...access,
    config,
    log,
    lobby,
    history,
    erasure,
    outbox,
    logStatus,
    ledger,
    sheet,
    now,
    isStopping: () => stopping.signal.aborted,
  });
  const server = Deno.serve(
    { hostname: config.host, port: config.port, reusePort: config.reusePort, onListen() {} },
    (request, info) => app.fetch(request, { info }),
  );
  const url = `http://${config.host === "0.0.0.0" ? "127.0.0.1" : config.host}:${server.addr.port}`;
  log.info("started", {
    url,
    sheet: sheet.name,
    delivery: isQueued ? "queue" : "sweep",
    fan_out: config.fanOut,
    pending: outbox.depth,
  });

  async function stop(): Promise<void> {
    if (stopping.signal.aborted) return await stopped.promise;
    stopping.abort();
    clearInterval(housekeeping);
    access.doors.close();
    const deadline = systemClock.wait(STOP_WITHIN_MS, killing.signal);
    const within = (work: Promise<unknown>): Promise<unknown> => Promise.race([work, deadline]);
    await within(relay ? relay.close(deadline) : journal.close());
    const closing = lobby.close(CLOSE.restarting, `restarting, retry_after_ms=${RETRY_AFTER_MS}`);
    // A server that shuts down before they are closed closes them with a code of its own.
    await Promise.race([closing, systemClock.wait(SOCKETS_CLOSE_WITHIN_MS, killing.signal)]);
    await within(Promise.all([flushing, looking, forgetting, server.shutdown()]));
    killing.abort();
    const over = new AbortController();
    await Promise.race([flushing, systemClock.wait(GIVE_UP_WITHIN_MS, over.signal)]);
    over.abort();
    neighbours?.close();
    logStatus.close();
    await channel?.close();
    await tail.close();
    await Promise.all([seal.close(), ledgerSeal.close()]).catch(failed("close_failed"));
    await sheet[Symbol.asyncDispose]();
    kv.close();
    log.info("stopped", { pending: outbox.depth });
    stopped.resolve();
  }

  return { url, sweep: () => flusher.ring(), stop, [Symbol.asyncDispose]: stop };
}

async function openKv({ kvPath: path, fanOut }: Config): Promise<Deno.Kv> {
  if (path !== undefined && !isRemote(path) && path !== ":memory:") {
    await Deno.mkdir(dirname(path), { recursive: true });
  }
  const kv = await Deno.openKv(path);
  return fanOut === "broadcast" ? shared(kv) : kv;
}

async function openChannel(
  { fanOut, redisUrl, kvPath }: Config,
  kv: Deno.Kv,
  log: Log,
  rung: () => void,
): Promise<Channel | undefined> {
  const place = `talksheet ${kvPath}`;
  if (fanOut === "broadcast") return new Broadcast(place);
  if (fanOut === "kv") {
    return new KeyValue({ kv, rung, failed: (error) => log.warn("fan_out_failed", errorFields(error)) });
  }
  if (fanOut !== "redis") return undefined;
  const { createClient } = await import("@redis/client");
  const troubled = (error: Error | undefined): void => {
    if (error) log.warn("redis_lost", errorFields(error));
    else log.info("redis_found");
  };
  return new Redis({ url: String(redisUrl), place, troubled }, createClient);
}

function adminIn({ adminUsername: username, adminPassword: password }: Config):
  | { username: string; password: string }
  | undefined {
  return username !== undefined && password !== undefined ? { username, password } : undefined;
}

async function openSheet(config: Config): Promise<Sheet> {
  const { googleSheetId, googleSheetName, googleCredsJson, googleCredsPath, googleApiRoot } = config;
  if (!googleSheetId) return new CsvFile({ path: config.logCsvPath });
  return new GoogleSheet({
    spreadsheetId: googleSheetId,
    tab: googleSheetName,
    key: await readServiceAccountKey({ json: googleCredsJson, path: googleCredsPath }),
    apiRoot: googleApiRoot,
  });
}

function writeLine(line: string): void {
  // deno-lint-ignore no-console -- logs go to stderr
  console.error(line);
}

if (import.meta.main) {
  if (isWorker()) serveAsIsolate();
  else await serve();
}

/** Serves as the command line and the environment say, until a signal comes. */
async function serve(): Promise<void> {
  try {
    const env = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, Deno.env.get(name)]));
    const config = readConfig(env);
    const isParallel = Deno.args.includes("--parallel");
    const jobs = isParallel && config.kvPath !== ":memory:"
      ? config.jobs || navigator.hardwareConcurrency
      : 1;
    const fanOut = jobs > 1 && config.fanOut === "none" ? "broadcast" : config.fanOut;
    const service = await start({ ...config, fanOut, reusePort: jobs > 1 });
    const port = Number(new URL(service.url).port);
    const isolates = Array.from(
      { length: jobs - 1 },
      () => startIsolate({ ...config, fanOut, port, reusePort: true }),
    );
    const stop = async (): Promise<void> => {
      await Promise.all(isolates.map((isolate) => isolate.stop()));
      await service.stop();
      Deno.exit(0);
    };
    wakeEachMinute(() => service.sweep());
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => void stop());
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TypeError)) throw error;
    writeLine(error.message);
    Deno.exit(2);
  }
}

/** Where the platform stops idle instances and has a clock (Deno Deploy): so that what waits is written all the same. */
function wakeEachMinute(sweep: () => Promise<void>): void {
  const { cron } = Deno as { cron?: typeof Deno.cron };
  cron?.("sweep", "* * * * *", sweep);
}

/** Starts this module once more, on a core of its own. */
function startIsolate(config: Config): { stop: () => Promise<void> } {
  const worker = new Worker(import.meta.url, { type: "module" });
  const stopped = Promise.withResolvers<void>();
  worker.onmessage = () => stopped.resolve();
  worker.postMessage({ start: config });
  return {
    async stop() {
      worker.postMessage({ stop: true });
      await stopped.promise;
      worker.terminate();
    },
  };
}

function isWorker(): boolean {
  return "DedicatedWorkerGlobalScope" in globalThis;
}

function serveAsIsolate(): void {
  const isolate = globalThis as unknown as Worker;
  let starting: Promise<Service>;
  isolate.onmessage = async ({ data }: MessageEvent<{ start?: Config; stop?: true }>) => {
    if (data.start) starting = start(data.start);
    if (!data.stop) return;
    await (await starting).stop();
    isolate.postMessage("stopped");
  };
}
