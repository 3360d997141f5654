/** The service as a process: command line, signals, exit status, and a core for each isolate. */
import { wait } from "../rooms/clock.ts";
import { type Config, ConfigError, examine, VARIABLE_NAMES } from "./config.ts";
import { createLogger, writeLine } from "./logger.ts";
import { networkOrigin } from "./server/own_address.ts";
import { obstacles } from "./server/start_check.ts";

/** What a process needs of a service. */
interface Running {
  readonly url: string;
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

type Start = (config: Config) => Promise<Running>;
/** Throws a `TypeError` or {@link ConfigError} for a configuration that can't be started with. */
type Check = (config: Config) => Promise<unknown>;

/** How long the last isolate waits for the others to stop. */
const OTHERS_FIRST_MS = 500;

/**
 * Serves as the command line and the environment say, until a signal comes. `module` is what isolates begin with. Ends with
 * status 2 when it can't start, and says why: all that is wrong with the variables, and all that `check` finds besides.
 */
export async function serve(start: Start, module: string, check: Check): Promise<void> {
  if ("DedicatedWorkerGlobalScope" in globalThis) return serveAsIsolate(start);
  try {
    const given = await configured(check);
    const { config, jobs } = inParallel({ ...given, instance: crypto.randomUUID() });
    const service = await start(config);
    // Port 0 is the same for all.
    const port = Number(new URL(service.url).port);
    const isolates = Array.from(
      { length: jobs - 1 },
      (_, i) => startIsolate({ ...config, port, isolate: i + 1 }, module),
    );
    wakeEachMinute(service);
    await printAddress(config.host, port);
    const stop = async (): Promise<void> => {
      const stopped = Promise.all(isolates.map((isolate) => isolate.stop()));
      // This isolate usually commits for the others, so it stops after them, or after a time.
      await Promise.race([stopped, wait(OTHERS_FIRST_MS)]);
      await Promise.all([service.stop(), stopped]);
      Deno.exit(0);
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => void stop());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    writeLine(error.message);
    Deno.exit(2);
  }
}

/** The configuration of the environment. Throws {@link ConfigError} with a line for all that is wrong. */
async function configured(check: Check): Promise<Config> {
  const env = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, Deno.env.get(name)]));
  const { config, complaints, warnings } = examine(env);
  const found = [...complaints.values(), ...await obstacles(config, complaints)];
  await check(config).catch((error) => {
    if (!(error instanceof ConfigError || error instanceof TypeError)) throw error;
    found.push(error.message);
  });
  if (found.length) throw new ConfigError(found.join("\n"));
  const log = createLogger(config.logLevel, writeLine);
  for (const [variable, message] of warnings) log.warn("variable_ignored", { variable, message });
  return config;
}

/** For the person who started it; programs read the line of the log. */
async function printAddress(host: string, port: number): Promise<void> {
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const elsewhere = await networkOrigin(host, port);
  // deno-lint-ignore no-console -- people read stdout
  console.log(
    `Talksheet: open http://${shown}:${port}/` + (elsewhere ? `, or from other machines ${elsewhere}/` : ""),
  );
}

/** With `--parallel`, as many isolates as `DENO_JOBS` says, or one for each core. */
function inParallel(config: Config): { config: Config; jobs: number } {
  const canShare = Deno.args.includes("--parallel") && config.kvPath !== ":memory:";
  const jobs = canShare ? config.jobs || navigator.hardwareConcurrency : 1;
  if (jobs === 1) return { config, jobs };
  return {
    config: { ...config, fanOut: config.fanOut === "none" ? "broadcast" : config.fanOut, reusePort: true },
    jobs,
  };
}

/**
 * Where the platform stops idle instances and has a clock (Deno Deploy): so that what waits is written all the same.
 */
function wakeEachMinute(service: Running): void {
  const { cron } = Deno as { cron?: typeof Deno.cron };
  cron?.("sweep", "* * * * *", () => service.sweep());
}

/**
 * Starts the module once more, on a core of its own, at the same port: what `deno serve --parallel` does, but with a
 * port that the environment names, and with one stop in order.
 */
function startIsolate(config: Config, module: string): { stop: () => Promise<void> } {
  const worker = new Worker(module, { type: "module" });
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

function serveAsIsolate(start: Start): void {
  const isolate = globalThis as unknown as Worker;
  let starting: Promise<Running>;
  isolate.onmessage = async ({ data }: MessageEvent<{ start?: Config; stop?: true }>) => {
    if (data.start) starting = start(data.start);
    if (!data.stop) return;
    await (await starting).stop();
    isolate.postMessage("stopped");
  };
}
