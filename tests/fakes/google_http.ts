/** An HTTP/1.1 request as it came in. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  /** Counts the connections, so that a test sees which requests shared one. */
  readonly connection: number;
}

/** An answer, whole or broken off in the middle of its body. */
export interface HttpAnswer {
  readonly outcome: "answer" | "half";
  readonly status: number;
  readonly headers?: HeadersInit;
  readonly body: string;
}

/** What a client gets to see: an answer, a closed connection, or nothing for ever. */
export type HttpOutcome = HttpAnswer | { readonly outcome: "drop" } | { readonly outcome: "hang" };

/**
 * An HTTP/1.1 server on raw connections, kept alive, that can break off wherever a network can. Server libraries
 * don't let a handler do that.
 */
export class HttpServer implements AsyncDisposable {
  readonly #handle: (request: HttpRequest) => Promise<HttpOutcome>;
  readonly #connections = new Map<Deno.Conn, Promise<void>>();
  #listener: Deno.TcpListener | undefined;
  #accepting: Promise<void> | undefined;
  #count = 0;
  #port = 0;

  constructor(handle: (request: HttpRequest) => Promise<HttpOutcome>) {
    this.#handle = handle;
    this.listen();
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port as before if it has listened before. */
  listen(): void {
    const listener = this.#listener ??= Deno.listen({ hostname: "127.0.0.1", port: this.#port });
    this.#port = listener.addr.port;
    this.#accepting = this.#accept(listener);
  }

  /** Closes all connections; new ones are refused until {@linkcode listen}. */
  async refuse(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    await this.#accepting;
    for (const connection of this.#connections.keys()) close(connection);
    await Promise.all(this.#connections.values());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.refuse();
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const connection of listener) {
      const served = this.#serve(connection, ++this.#count)
        .catch(() => {}) // The client went away, as clients do.
        .finally(() => {
          close(connection);
          this.#connections.delete(connection);
        });
      this.#connections.set(connection, served);
    }
  }

  async #serve(connection: Deno.Conn, number: number): Promise<void> {
    const reader = new RequestReader(connection, number);
    for (let request; (request = await reader.next());) {
      const reply = await this.#handle(request);
      if (reply.outcome === "drop") return;
      if (reply.outcome === "hang") return await reader.end();
      await answer(connection, reply);
      if (reply.outcome === "half") return;
    }
  }
}

async function answer(connection: Deno.Conn, { outcome, status, body, ...reply }: HttpAnswer): Promise<void> {
  const bytes = encoder.encode(body);
  const headers = new Headers(reply.headers);
  headers.set("content-length", String(bytes.length));
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await writeAll(connection, encoder.encode(`HTTP/1.1 ${status} -\r\n${lines}\r\n`));
  await writeAll(connection, outcome === "half" ? bytes.subarray(0, bytes.length / 2) : bytes);
}

/** Cuts a connection's bytes into requests. Bodies come with `Content-Length`, as the Google client sends them. */
class RequestReader {
  readonly #connection: Deno.Conn;
  readonly #number: number;
  #held = new Uint8Array(0);

  constructor(connection: Deno.Conn, number: number) {
    this.#connection = connection;
    this.#number = number;
  }

  async next(): Promise<HttpRequest | undefined> {
    let end: number;
    while ((end = indexOfBlankLine(this.#held)) < 0) {
      if (!await this.#readMore()) return undefined;
    }
    const [requestLine, ...lines] = decoder.decode(this.#held.subarray(0, end)).split("\r\n");
    const [method, target] = requestLine.split(" ");
    const headers = new Headers(
      lines.map((
        line,
      ): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
    );
    const length = Number(headers.get("content-length") ?? 0);
    while (this.#held.length < end + 4 + length) {
      if (!await this.#readMore(end + 4 + length)) return undefined;
    }
    const body = decoder.decode(this.#held.subarray(end + 4, end + 4 + length));
    this.#held = this.#held.slice(end + 4 + length);
    return { method, url: new URL(target, "http://stand-in"), headers, body, connection: this.#number };
  }

  /** Waits until the client hangs up. */
  async end(): Promise<void> {
    while (await this.#readMore()) this.#held = new Uint8Array(0);
  }

  async #readMore(wanted = 0): Promise<boolean> {
    const chunks = [this.#held];
    let length = this.#held.length;
    do {
      const chunk = new Uint8Array(65_536);
      const count = await this.#connection.read(chunk);
      if (count === null) return false;
      chunks.push(chunk.subarray(0, count));
      length += count;
    } while (length < wanted);
    const all = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    this.#held = all;
    return true;
  }
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at >= 0; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
