/** The service as a process: command line, signals, exit status, and a core for each isolate. */
import { type Config, ConfigError, readConfig, VARIABLE_NAMES } from "./config.ts";
import { writeLine } from "./log.ts";

/** What a process needs of a service. */
interface Running {
  readonly url: string;
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

type Start = (config: Config) => Promise<Running>;

/** How long the last isolate waits for the others to stop. */
const OTHERS_FIRST_MS = 500;

/** Serves as the command line and the environment say, until a signal comes; `module` is what isolates begin with. */
export async function serve(start: Start, module: string): Promise<void> {
  if ("DedicatedWorkerGlobalScope" in globalThis) return serveAsIsolate(start);
  try {
    const env = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, Deno.env.get(name)]));
    const { config, jobs } = inParallel({ ...readConfig(env), instance: crypto.randomUUID() });
    const service = await start(config);
    // Port 0 is the same for all.
    const port = Number(new URL(service.url).port);
    const isolates = Array.from(
      { length: jobs - 1 },
      (_, i) => startIsolate({ ...config, port, isolate: i + 1 }, module),
    );
    wakeEachMinute(service);
    const stop = async (): Promise<void> => {
      const stopped = Promise.all(isolates.map((isolate) => isolate.stop()));
      // This one commits for the others, as a rule: they come first, but not for ever.
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, OTHERS_FIRST_MS))]);
      await Promise.all([service.stop(), stopped]);
      Deno.exit(0);
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => void stop());
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TypeError)) throw error;
    writeLine(error.message);
    Deno.exit(2);
  }
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
