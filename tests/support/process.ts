/** The service as a process of its own, to be killed. */

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

export interface ServiceProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends it at once, without a chance to do anything. */
  kill(): Promise<void>;
  /** Sends a signal, and resolves to the exit status. */
  end(signal: Deno.Signal): Promise<Deno.CommandStatus>;
  /** Stops it for so many milliseconds, as if its machine were suspended, and does something meanwhile. */
  suspend(ms: number, act: () => Promise<void>): Promise<void>;
  /** The log lines so far. */
  readonly log: readonly Record<string, unknown>[];
}

/**
 * Starts the service (or another program that says so when it listens) with this environment, these arguments and
 * permissions, and waits until it listens.
 */
export async function startProcess(
  env: Record<string, string>,
  args: readonly string[] = [],
  permissions: readonly string[] = ["-A"],
  main = MAIN,
): Promise<ServiceProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--frozen", ...permissions, main, ...args],
    env: { HOST: "127.0.0.1", PORT: "0", RATE_MESSAGES_PER_MINUTE: "0", LOG_LEVEL: "info", ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log: Record<string, unknown>[] = [];
  const started = Promise.withResolvers<string>();
  const reading = read(child.stderr, (line) => {
    const entry = line.startsWith("{") ? JSON.parse(line) : { event: "text", line };
    log.push(entry);
    if (entry.event === "started") started.resolve(entry.url);
  }).then(() => started.reject(new Error(`The service ended before it listened: ${JSON.stringify(log)}`)));
  const end = async (signal: Deno.Signal): Promise<Deno.CommandStatus> => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
    const status = await child.status;
    await reading;
    return status;
  };
  return {
    url: await started.promise,
    pid: child.pid,
    log,
    end,
    kill: async () => void await end("SIGKILL"),
    async suspend(ms, act) {
      child.kill("SIGSTOP");
      try {
        await Promise.all([act(), new Promise((resolve) => setTimeout(resolve, ms))]);
      } finally {
        child.kill("SIGCONT");
      }
    },
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}

/** Resolves when the service has nothing pending. */
export async function drained(service: ServiceProcess): Promise<void> {
  for (;;) {
    const { outbox } = await (await fetch(`${service.url}/healthz`)).json();
    if (!outbox.depth) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function read(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
}
