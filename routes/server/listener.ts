/**
 * Listens at the service's port, and keeps connections within bounds.
 *
 * The platform's HTTP server behind it reads requests; it has no limit for connections that send nothing or half a
 * request, ends with the process's file descriptors, and makes sockets without a bound on what they keep. So the port is
 * ours: requests are passed on, sockets are made here (see {@link TcpSocket}).
 */
import { createHash } from "node:crypto";
import { clientAddress } from "../client_address.ts";
import type { Bindings } from "../authentication.ts";
import { HttpConnection } from "./http_connection.ts";
import { PlatformSocket, type Upgrader } from "../sockets/socket.ts";
import type { TcpSocket } from "../sockets/tcp_socket.ts";

export interface Listener {
  readonly port: number;
  /** Takes no more connections; resolves when requests are answered and all connections are over. */
  shutdown(): Promise<void>;
  /** Ends what is left. */
  close(): void;
}

export interface ListenerOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly reusePort: boolean;
  /** Connections of an address that aren't sockets, before those that do nothing are closed; 0 = off. */
  readonly maxIdlePerAddress: number;
  readonly handler: (request: Request, bindings: Bindings) => Response | Promise<Response>;
  /** Told when no more files can be opened, with how many connections there are. */
  readonly exhausted: (connections: number) => void;
}

/** Connections that wait to be taken when all come back at once; the system may allow fewer. */
const BACKLOG = 4_096;
const LOOK_EVERY_MS = 1_000;
/** When files ran out, how long until it is tried again. */
const EXHAUSTED_PAUSE_MS = 100;
/** Files that are left to the rest of the service once they ran out: KV, rows, the HTTP server's ends. */
const SPARE_FILES = 48;
/** A connection whose request is being read has three. */
const FILES_PER_REQUEST = 3;
/** Where the HTTP server behind listens, and where connections to it come from. */
const INNER_HOST = "127.0.0.1";
/** RFC 6455, section 1.3. */
const HANDSHAKE_ID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Listens where the platform gives the port (Deno Deploy), with what it knows of limits. */
export function listenByPlatform({ hostname, port, handler }: ListenerOptions): Listener {
  const server = Deno.serve(
    { hostname, port, onListen() {} },
    (request, info) => handler(request, { info, upgrade: PlatformSocket.upgrade }),
  );
  return { port: server.addr.port, shutdown: () => server.shutdown(), close() {} };
}

/** Begins to listen. Throws what `Deno.listen` does. */
export function listen(options: ListenerOptions): Listener {
  return new TcpListener(options);
}

class TcpListener implements Listener {
  readonly port: number;
  readonly #options: ListenerOptions;
  readonly #listener: Deno.TcpListener;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #isStopping = false;
  readonly #connections = new Set<HttpConnection>();
  /** By the port of their end at the HTTP server. */
  readonly #byPort = new Map<number, HttpConnection>();
  /** By the address that limits count. */
  readonly #byAddress = new Map<string, Set<HttpConnection>>();
  readonly #sockets = new Set<TcpSocket>();
  /** Connections of all kinds above which idle ones make room; known once files ran out. */
  #most = Infinity;
  readonly #clock = { now: 0 };
  readonly #looking: ReturnType<typeof setInterval>;
  #allEnded: (() => void) | undefined;

  constructor(options: ListenerOptions) {
    const { hostname, port, reusePort } = options;
    this.#options = options;
    this.#listener = Deno.listen({ hostname, port, reusePort, tcpBacklog: BACKLOG });
    this.port = this.#listener.addr.port;
    this.#server = this.#serve();
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    void this.#accept();
  }

  async shutdown(): Promise<void> {
    this.#isStopping = true;
    this.#listener.close();
    const ended = new Promise<void>((resolve) => this.#allEnded = resolve);
    for (const connection of this.#connections) if (connection.isIdle) connection.end();
    this.#checkEnd();
    await Promise.all([ended, this.#server.shutdown()]);
    clearInterval(this.#looking);
  }

  close(): void {
    clearInterval(this.#looking);
    for (const socket of this.#sockets) socket.end();
    for (const connection of this.#connections) connection.end();
  }

  async #accept(): Promise<void> {
    while (!this.#isStopping) {
      try {
        const line = await this.#listener.accept();
        line.setNoDelay(true);
        this.#take(new HttpConnection(line, this.#connectionOptions));
      } catch (error) {
        if (this.#isStopping) return;
        // Somebody hung up before being taken, or there are no more files.
        if (isExhausted(error)) await this.#makeRoom();
      }
    }
  }

  readonly #connectionOptions = {
    clock: this.#clock,
    connect: (connection: HttpConnection) => this.#connect(connection),
    answer: (request: Request, connection: HttpConnection) => this.#handle(request, connection),
    ended: (connection: HttpConnection) => this.#ended(connection),
    socketEnded: (socket: TcpSocket) => {
      this.#sockets.delete(socket);
      this.#checkEnd();
    },
  };

  #take(connection: HttpConnection): void {
    this.#connections.add(connection);
    const address = addressOf(connection);
    const ofAddress = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, ofAddress.add(connection));
    const { maxIdlePerAddress } = this.#options;
    if (maxIdlePerAddress && ofAddress.size > maxIdlePerAddress) endOne(ofAddress, connection);
    if (this.#files > this.#most) endOne(this.#connections, connection);
    void connection.run();
  }

  get #files(): number {
    return this.#connections.size + this.#byPort.size * (FILES_PER_REQUEST - 1) + this.#sockets.size;
  }

  async #connect(connection: HttpConnection): Promise<Deno.TcpConn> {
    const { hostname, port } = this.#server.addr;
    try {
      const inner = await Deno.connect({ hostname, port });
      inner.setNoDelay(true);
      // It may have been ended meanwhile.
      if (!this.#connections.has(connection)) return inner;
      this.#byPort.set(inner.localAddr.port, connection);
      ports.set(connection, inner.localAddr.port);
      return inner;
    } catch (error) {
      if (isExhausted(error)) await this.#makeRoom();
      throw error;
    }
  }

  #ended(connection: HttpConnection): void {
    this.#connections.delete(connection);
    const address = addressOf(connection);
    const ofAddress = this.#byAddress.get(address);
    ofAddress?.delete(connection);
    if (!ofAddress?.size) this.#byAddress.delete(address);
    const port = ports.get(connection);
    if (port !== undefined && this.#byPort.get(port) === connection) this.#byPort.delete(port);
    this.#checkEnd();
  }

  /** Files ran out: connections that do nothing go, and from now on fewer are kept. */
  async #makeRoom(): Promise<void> {
    const files = this.#files;
    this.#options.exhausted(this.#connections.size + this.#sockets.size);
    this.#most = Math.max(SPARE_FILES, Math.min(this.#most, files - SPARE_FILES));
    while (this.#files > this.#most && endOne(this.#connections));
    await new Promise((resolve) => setTimeout(resolve, EXHAUSTED_PAUSE_MS));
  }

  #serve(): Deno.HttpServer<Deno.NetAddr> {
    const server = Deno.serve(
      { hostname: INNER_HOST, port: 0, onListen() {} },
      (request, info) => this.#answer(request, info),
    );
    server.finished.catch(() => {
      // It ends where it can't accept: when there are no more files.
      if (!this.#isStopping) this.#server = this.#serve();
    });
    return server;
  }

  #answer(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> {
    // This port is for us alone; another program of this machine may have ours at another address of the loopback.
    const { hostname, port } = info.remoteAddr;
    const connection = hostname === INNER_HOST ? this.#byPort.get(port) : undefined;
    if (!connection) return new Response(null, { status: 403, headers: { connection: "close" } });
    connection.begun();
    const answered = (): void => connection.answered();
    info.completed.then(answered, answered);
    return this.#handle(request, connection, info.completed);
  }

  #handle(
    request: Request,
    connection: HttpConnection,
    completed: Promise<void> = Promise.resolve(),
  ): Response | Promise<Response> {
    const info = { remoteAddr: connection.remoteAddr, completed };
    const upgrade: Upgrader = (request, { maxMessageBytes }) => {
      const socket = connection.become(handshake(request), maxMessageBytes);
      this.#sockets.add(socket);
      // Nobody reads this; where it has come from the server behind, it ends the connection to it.
      return { socket, response: new Response(null, { headers: { connection: "close" } }) };
    };
    return this.#options.handler(request, { info, upgrade });
  }

  #look(): void {
    // However late this look is: what has come meanwhile waits to be read.
    this.#clock.now += LOOK_EVERY_MS;
    for (const connection of this.#connections) connection.look();
    for (const socket of this.#sockets) socket.look();
  }

  #checkEnd(): void {
    if (!this.#connections.size && !this.#sockets.size) this.#allEnded?.();
  }
}

/** The port at which the HTTP server sees a connection. */
const ports = new WeakMap<HttpConnection, number>();

function addressOf({ remoteAddr: { hostname } }: HttpConnection): string {
  return clientAddress(hostname) ?? hostname;
}

/**
 * Ends the connection that has done nothing for the longest time; where all are busy, the one that has been so for the
 * longest, which as a rule keeps its body to itself, or doesn't take its answer. The newcomer isn't to blame. False when
 * there is none.
 */
function endOne(connections: Iterable<HttpConnection>, newcomer?: HttpConnection): boolean {
  let last: HttpConnection | undefined;
  for (const connection of connections) {
    if (connection !== newcomer && !(last && isBefore(last, connection))) last = connection;
  }
  last?.end();
  return last !== undefined;
}

/** Whether a connection is to end before another one, which came later. */
function isBefore(a: HttpConnection, b: HttpConnection): boolean {
  return a.isIdle === b.isIdle ? a.since <= b.since : a.isIdle;
}

function isExhausted(error: unknown): boolean {
  return error instanceof Error && /too many open files/i.test(error.message);
}

/** The answer to an upgrade. Throws `TypeError` for what isn't one. */
function handshake(request: Request): Uint8Array<ArrayBuffer> {
  const { headers } = request;
  const key = headers.get("sec-websocket-key") ?? "";
  const names = (header: string): string[] => (headers.get(header) ?? "").toLowerCase().split(/\s*,\s*/);
  const isOne = request.method === "GET" && names("connection").includes("upgrade") &&
    names("upgrade").includes("websocket") && /^[+/\w]{22}==$/.test(key) &&
    headers.get("sec-websocket-version") === "13";
  if (!isOne) throw new TypeError("This isn't a WebSocket upgrade");
  const accept = createHash("sha1").update(key + HANDSHAKE_ID).digest("base64");
  const lines = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
  return new TextEncoder().encode(["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n"));
}
