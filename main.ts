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
import { History } from "./rooms/history.ts";
import { Journal } from "./rooms/journal.ts";
import { Lobby } from "./rooms/lobby.ts";
import { createScribe } from "./rooms/message.ts";
import { Outbox } from "./rooms/outbox.ts";
import { CLOSE } from "./rooms/protocol.ts";
import { tellRules } from "./rooms/rules.ts";
import { createApp } from "./routes/app.ts";
import { type Config, ConfigError, readConfig, VARIABLE_NAMES } from "./routes/config.ts";
import { createLog, errorFields } from "./routes/log.ts";
import { systemClock } from "./sheets/clock.ts";
import { CsvFile } from "./sheets/csv_file.ts";
import { DirectDoorbell, hasQueue, QueueDoorbell } from "./sheets/doorbell.ts";
import { Flusher } from "./sheets/flusher.ts";
import { readServiceAccountKey } from "./sheets/google_key.ts";
import { GoogleSheet } from "./sheets/google_sheet.ts";
import { Lease } from "./sheets/lease.ts";
import { idOf, Ledger } from "./sheets/ledger.ts";
import { FILE_PACE, GOOGLE_PACE } from "./sheets/pace.ts";
import type { Row, Sheet } from "./sheets/sheet.ts";

/** A running service. */
export interface Service extends AsyncDisposable {
  /** Where it listens, as an origin: `http://127.0.0.1:8000`. */
  readonly url: string;
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
  const kv = await openKv(config.kvPath);
  const clock = systemClock;
  const { now } = clock;
  const random = Math.random;

  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  await archive.open();
  await archive.advance();
  await outbox.refresh();
  const history = new History(archive);

  const isQueued = config.logDelivery !== "sweep" && await hasQueue(kv);
  if (config.logDelivery === "queue" && !isQueued) {
    kv.close();
    throw new ConfigError('LOG_DELIVERY is "queue", but this KV has no queues; wanted: auto or sweep');
  }
  const doorbell = isQueued ? new QueueDoorbell(kv) : new DirectDoorbell();
  const journal = new Journal({
    kv,
    outbox,
    ring: (commit, batch) => doorbell.add(commit, batch),
    committed: (commit) => {
      doorbell.added();
      lobby.deliver(commit);
    },
    failed: (error, messages) => {
      doorbell.failed();
      log.error("commit_failed", { messages, ...errorFields(error) });
    },
  });
  const scribe = createScribe({ timeZone: config.timeZone, now, random, after: archive.lastId });
  const failed = (error: unknown): void => log.error("history_failed", errorFields(error));
  const changes = new Changes(kv, now);
  await changes.open();
  const access = await openAccess({
    kv,
    changes,
    now,
    admin: adminIn(config),
    failed: (error) => log.error("visit_failed", errorFields(error)),
  });
  const lobby: Lobby = new Lobby({ ...config, history, journal, outbox, scribe, now, failed });

  const erasure = new Erasure({ archive, history, changes, tell: (room, frame) => lobby.tell(room, frame) });
  tellRules({ changes, rules: access.rules, tell: (room, frame) => lobby.tell(room, frame) });

  const lease = new Lease(kv, "log", clock);
  const ledger = new Ledger({ kv, outbox, archive, sheet, lease, clock });
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
      const stand = recorded.map(placeOf);
      const dead = refused.map(({ row }) => placeOf(row));
      history.markRecorded(upTo, stand, dead);
      lobby.recorded(stand, "recorded");
      lobby.recorded(dead, "not_recorded");
      for (const { row, cause } of refused) log.warn("row_refused", { id: idOf(row), cause });
      log.debug("rows_written", { rows: recorded.length });
    },
    troubled: (trouble, cause) => {
      if (!trouble) log.info("log_recovered");
      else log.warn(`log_${trouble.state}`, errorFields(cause));
    },
  });

  const stopped = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const killing = new AbortController();
  doorbell.listen(flusher).catch((error) => log.error("doorbell_failed", errorFields(error)));
  const flushing = flusher.run(stopping.signal, killing.signal);
  const looking = changes.run(stopping.signal, (error) => log.error("look_failed", errorFields(error)));
  const forgetting = erasure.run({
    ...config,
    now,
    signal: stopping.signal,
    forgotten: (messages) => log.info("history_forgotten", { messages }),
    failed: (error) => log.error("forgetting_failed", errorFields(error)),
  });
  const housekeeping = setInterval(() => {
    const keep = async (): Promise<void> => {
      await archive.advance();
      history.trim();
      await outbox.refresh();
    };
    keep().catch((error) => log.error("housekeeping_failed", errorFields(error)));
  }, HOUSEKEEPING_MS);

  const app = createApp({
    ...access,
    config,
    log,
    lobby,
    history,
    erasure,
    outbox,
    flusher,
    ledger,
    sheet,
    now,
    isStopping: () => stopping.signal.aborted,
  });
  const server = Deno.serve(
    { hostname: config.host, port: config.port, onListen() {} },
    (request, info) => app.fetch(request, { info }),
  );
  const url = `http://${config.host === "0.0.0.0" ? "127.0.0.1" : config.host}:${server.addr.port}`;
  log.info("started", {
    url,
    sheet: sheet.name,
    delivery: isQueued ? "queue" : "sweep",
    pending: outbox.depth,
  });

  async function stop(): Promise<void> {
    if (stopping.signal.aborted) return await stopped.promise;
    stopping.abort();
    clearInterval(housekeeping);
    access.doors.close();
    const deadline = systemClock.wait(STOP_WITHIN_MS, killing.signal);
    const within = (work: Promise<unknown>): Promise<unknown> => Promise.race([work, deadline]);
    await within(journal.close());
    const closing = lobby.close(CLOSE.restarting, `restarting, retry_after_ms=${RETRY_AFTER_MS}`);
    // A server that shuts down before they are closed closes them with a code of its own.
    await Promise.race([closing, systemClock.wait(SOCKETS_CLOSE_WITHIN_MS, killing.signal)]);
    await within(Promise.all([flushing, looking, forgetting, server.shutdown()]));
    killing.abort();
    const over = new AbortController();
    await Promise.race([flushing, systemClock.wait(GIVE_UP_WITHIN_MS, over.signal)]);
    over.abort();
    await sheet[Symbol.asyncDispose]();
    kv.close();
    log.info("stopped", { pending: outbox.depth });
    stopped.resolve();
  }

  return { url, stop, [Symbol.asyncDispose]: stop };
}

async function openKv(path: string): Promise<Deno.Kv> {
  if (!/^https?:/.test(path) && path !== ":memory:") await Deno.mkdir(dirname(path), { recursive: true });
  return await Deno.openKv(path);
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
  try {
    const env = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, Deno.env.get(name)]));
    const service = await start(readConfig(env));
    const stop = (): void => void service.stop().then(() => Deno.exit(0));
    Deno.addSignalListener("SIGINT", stop);
    Deno.addSignalListener("SIGTERM", stop);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TypeError)) throw error;
    writeLine(error.message);
    Deno.exit(2);
  }
}
