/** What has to hold of answers that clients take slowly, also while the service stops. */
import { assert, assertEquals } from "@std/assert";
import { HttpConnection } from "../../routes/server/http_connection.ts";
import { listen, type Listener } from "../../routes/server/listener.ts";
import type { Bindings } from "../../routes/authentication.ts";

/** More than the buffers between the service and a client hold. */
const LENGTH = 32 * 1024 * 1024;

Deno.test("A stop finishes the answers that are under way, whoever is slow, and waits for nobody else", async () => {
  const made = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let isWritten = false;
  const handler = async ({ url }: Request, { info }: Bindings): Promise<Response> => {
    const { pathname } = new URL(url);
    if (pathname === "/large") {
      info.completed.then(() => isWritten = true);
      return new Response(new Uint8Array(LENGTH));
    }
    if (pathname === "/slow") {
      asked.resolve();
      await made.promise;
    }
    return new Response("done");
  };
  const listener = listenTo(handler);
  using idle = await ask(listener, "/quick");
  await idle.until("done");
  using silent = await Client.connect(listener);
  using slow = await ask(listener, "/slow");
  await asked.promise;
  // Its answer is out of the HTTP server's hands, and not yet on its way to the client.
  using large = await ask(listener, "/large");
  while (!isWritten) await large.read();

  const stopped = listener.shutdown();
  await silent.end();
  await idle.end();
  made.resolve();
  await slow.until("done");
  await slow.end();
  await large.end();
  assertEquals(large.bytes - large.headLength, LENGTH);
  await stopped;
});

Deno.test("A slow client gets its whole answer, however long ago it was made, and one that takes nothing is cut off", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using inner = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = { now: 0 };
  const answered = async (): Promise<void> => {
    using line = await inner.accept();
    await line.read(new Uint8Array(1_000));
    const answer = new Uint8Array(LENGTH);
    try {
      for (let at = 0; at < LENGTH;) at += await line.write(answer.subarray(at));
    } catch {
      // The client has gone.
    }
  };
  for (const isSlow of [true, false]) {
    using client = await Client.connect(server.addr);
    const ended = Promise.withResolvers<void>();
    const connection = new HttpConnection(await server.accept(), {
      clock,
      connect: () => Deno.connect({ hostname: "127.0.0.1", port: inner.addr.port }),
      answer: () => new Response(),
      ended: () => ended.resolve(),
      socketEnded() {},
    });
    const running = [connection.run(), answered()];
    await client.write("GET / HTTP/1.1\r\n\r\n");
    await client.read();
    connection.begun();
    connection.answered();
    for (let before = 0; isSlow && client.bytes < LENGTH; before = client.bytes) {
      while (client.bytes < Math.min(LENGTH, before + LENGTH / 16)) assert(await client.read());
      clock.now += 20_000;
      connection.poll();
    }
    clock.now += 100_000;
    connection.poll();
    await ended.promise;
    await Promise.all(running);
  }
});

function listenTo(handler: (request: Request, bindings: Bindings) => Promise<Response>): Listener {
  return listen({
    hostname: "127.0.0.1",
    port: 0,
    reusePort: false,
    maxIdlePerAddress: 0,
    handler,
    exhausted() {},
  });
}

async function ask(listener: Listener, path: string): Promise<Client> {
  const client = await Client.connect(listener);
  await client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return client;
}

/** A client that reads no more than it is told to. */
class Client implements Disposable {
  bytes = 0;
  headLength = 0;
  #text = "";
  readonly #line: Deno.TcpConn;
  readonly #buffer = new Uint8Array(64 * 1024);

  constructor(line: Deno.TcpConn) {
    this.#line = line;
  }

  static async connect({ port }: { port: number }): Promise<Client> {
    return new Client(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async write(text: string): Promise<void> {
    await this.#line.write(new TextEncoder().encode(text));
  }

  /** False at the end. */
  async read(): Promise<boolean> {
    const read = await this.#line.read(this.#buffer);
    if (read === null) return false;
    this.bytes += read;
    if (!this.headLength) {
      this.#text += new TextDecoder().decode(this.#buffer.subarray(0, read));
      this.headLength = this.#text.indexOf("\r\n\r\n") + 4;
    }
    return true;
  }

  async until(text: string): Promise<void> {
    while (!this.#text.includes(text)) {
      if (!await this.read()) throw new Error(`The connection ended before ${text}`);
    }
  }

  async end(): Promise<void> {
    while (await this.read());
  }

  [Symbol.dispose](): void {
    this.#line.close();
  }
}
