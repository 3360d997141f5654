/** What fan-out between processes runs on, as real processes: a KV Connect server and Redis. */
import type { S3Options } from "../../rooms/files/s3_storage.ts";

/** A server that can be killed and started again on the same port, with what it keeps on disk. */
export interface Engine extends AsyncDisposable {
  readonly url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

const KV_TOKEN = "a-token-for-the-kv-of-tests";
const PATIENCE_MS = 30_000;

/**
 * Registers a test that needs programs which a machine may lack: then it is skipped and its name says so, except where
 * `CI` is `true`: there it fails.
 */
export function engineTest(name: string, needs: readonly string[], act: () => Promise<void>): void {
  const missing = needs.filter((program) => !isInstalled(program));
  Deno.test({
    name: missing.length ? `${name} (needs ${missing.join(", ")})` : name,
    ignore: missing.length > 0 && Deno.env.get("CI") !== "true",
    fn: async () => {
      if (missing.length) throw new Error(`Wanted for this test: ${missing.join(", ")}`);
      await act();
    },
  });
}

/** A KV Connect server (`cargo install denokv`). Deno finds its token in this process's environment. */
export async function startDenokv(directory: string): Promise<Engine> {
  Deno.env.set("DENO_KV_ACCESS_TOKEN", KV_TOKEN);
  const port = freePort();
  const engine = new Server("denokv", [
    `--sqlite-path=${directory}/kv.db`,
    "serve",
    `--addr=127.0.0.1:${port}`,
    `--access-token=${KV_TOKEN}`,
  ], `http://127.0.0.1:${port}`);
  await engine.start();
  return engine;
}

/** S3-compatible object storage (`cargo install s3s-fs`) with an empty bucket, on the disk below a directory. */
export async function startS3(directory: string): Promise<Engine & { readonly options: S3Options }> {
  const port = freePort();
  const secrets = { accessKeyId: "a-key-for-tests", secretAccessKey: "a-secret-for-tests" };
  await Deno.mkdir(`${directory}/s3/files`, { recursive: true });
  const engine = new Server("s3s-fs", [
    `--host=127.0.0.1`,
    `--port=${port}`,
    `--access-key=${secrets.accessKeyId}`,
    `--secret-key=${secrets.secretAccessKey}`,
    `${directory}/s3`,
  ], `http://127.0.0.1:${port}`);
  await engine.start();
  return Object.assign(engine, {
    options: { endpoint: engine.url, bucket: "files", region: "us-east-1", ...secrets },
  });
}

/** A Redis server (Debian's `redis-server`) that keeps nothing. */
export async function startRedis(): Promise<Engine> {
  const port = freePort();
  const engine = new Server(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", ""],
    `redis://127.0.0.1:${port}`,
  );
  await engine.start();
  return engine;
}

class Server implements Engine {
  readonly url: string;
  readonly #program: string;
  readonly #args: readonly string[];
  #child: Deno.ChildProcess | undefined;

  constructor(program: string, args: readonly string[], url: string) {
    this.#program = pathOf(program) ?? program;
    this.#args = args;
    this.url = url;
  }

  async start(): Promise<void> {
    this.#child = new Deno.Command(this.#program, {
      args: [...this.#args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const end = performance.now() + PATIENCE_MS;
    while (!await accepts(Number(new URL(this.url).port))) {
      if (performance.now() > end) throw new Error(`${this.#program} doesn't listen`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    using _ = await Deno.connect({ port });
    return true;
  } catch {
    return false;
  }
}

function freePort(): number {
  using listener = Deno.listen({ port: 0 });
  return listener.addr.port;
}

/** Whether this machine has a program that a server here needs. */
export function isInstalled(program: string): boolean {
  return pathOf(program) !== undefined;
}

function pathOf(program: string): string | undefined {
  const home = Deno.env.get("HOME");
  const places = [...(Deno.env.get("PATH") ?? "").split(":"), `${home}/.cargo/bin`];
  return places.map((place) => `${place}/${program}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}
