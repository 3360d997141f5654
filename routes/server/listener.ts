/**
 * Listens at the service's port, and limits connections.
 *
 * The platform's HTTP server doesn't limit connections that send nothing or half a request, stops when the process runs out
 * of file descriptors, and makes sockets that buffer without a bound. So this module owns the port: it forwards requests to
 * that server, and makes sockets itself (see {@link TcpSocket}).
 */
import { wait } from "../../rooms/clock.ts";
import { clientAddress } from "../client_address.ts";
import type { Bindings } from "../authentication.ts";
import { handshake } from "./upgrade_request.ts";
import { HttpConnection } from "./http_connection.ts";
import { PlatformSocket, type Upgrader } from "../sockets/socket.ts";
import type { TcpSocket } from "../sockets/tcp_socket.ts";

/** A port at which the service listens. */
export interface Listener {
  readonly port: number;
  /** Accepts no more connections; resolves when requests are answered and all connections have ended. */
  shutdown(): Promise<void>;
  /** Ends the connections that are left. */
  close(): void;
}

/** Where to listen, and what answers requests. */
export interface ListenerOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly reusePort: boolean;
  /**
   * Connections of one address, sockets not counted, above which those are closed that wait for nothing, and above
   * {@link BURST} times as many the idlest; 0 = off.
   */
  readonly maxIdlePerAddress: number;
  readonly handler: (request: Request, bindings: Bindings) => Response | Promise<Response>;
  /** Called when no more files can be opened, with the number of open connections. */
  readonly exhausted: (connections: number) => void;
}

/** Connections that wait to be accepted when all clients reconnect at once; the system may allow fewer. */
const BACKLOG = 4_096;
const POLL_MS = 1_000;
/**
 * How many times as many connections an address may have while each is new or waits for the service: a school opens a page in
 * the same second.
 */
const BURST = 4;
/** Pause before accepting again after files ran out. */
const EXHAUSTED_PAUSE_MS = 100;
/** Files kept free for the rest of the service once they ran out: KV, the CSV file, the HTTP server's connections. */
const SPARE_FILES = 48;
/** Files of a connection whose request is forwarded: its own, and both ends of the one to the HTTP server. */
const FILES_PER_REQUEST = 3;
/** Where the HTTP server behind listens, and where connections to it come from. */
const INNER_HOST = "127.0.0.1";

/** Listens by the platform alone, with its limits, where it gives the port (Deno Deploy). */
export function listenByPlatform({ hostname, port, handler }: ListenerOptions): Listener {
  const server = Deno.serve(
    { hostname, port, onListen() {} },
    (request, info) => handler(request, { info, upgrade: PlatformSocket.upgrade }),
  );
  return { port: server.addr.port, shutdown: () => server.shutdown(), close() {} };
}

/**
 * Begins to listen.
 *
 * @throws {Error} what `Deno.listen` throws, when the address is taken, for instance.
 */
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
  /** Connections by the local port of their connection to the HTTP server. */
  readonly #byPort = new Map<number, HttpConnection>();
  /** Connections by the client's address, as {@link clientAddress} has it. */
  readonly #byAddress = new Map<string, Set<HttpConnection>>();
  readonly #sockets = new Set<TcpSocket>();
  /** Files of connections above which idle connections are closed; known once files ran out. */
  #maxFiles = Infinity;
  readonly #clock = { now: 0 };
  readonly #polling: ReturnType<typeof setInterval>;
  #allEnded: (() => void) | undefined;

  constructor(options: ListenerOptions) {
    const { hostname, port, reusePort } = options;
    this.#options = options;
    this.#listener = Deno.listen({ hostname, port, reusePort, tcpBacklog: BACKLOG });
    this.port = this.#listener.addr.port;
    this.#server = this.#serve();
    this.#polling = setInterval(() => this.#poll(), POLL_MS);
    void this.#accept();
  }

  async shutdown(): Promise<void> {
    this.#isStopping = true;
    this.#listener.close();
    const ended = new Promise<void>((resolve) => this.#allEnded = resolve);
    for (const connection of this.#connections) connection.stop();
    this.#checkEnd();
    await Promise.all([ended, this.#server.shutdown()]);
    clearInterval(this.#polling);
  }

  close(): void {
    clearInterval(this.#polling);
    for (const socket of this.#sockets) socket.end();
    for (const connection of this.#connections) connection.end();
  }

  async #accept(): Promise<void> {
    while (!this.#isStopping) {
      try {
        const tcp = await this.#listener.accept();
        tcp.setNoDelay(true);
        this.#add(new HttpConnection(tcp, this.#connectionOptions));
      } catch (error) {
        if (this.#isStopping) return;
        // The client hung up before it was accepted, or there are no more files.
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

  #add(connection: HttpConnection): void {
    this.#connections.add(connection);
    const address = addressOf(connection);
    const ofAddress = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, ofAddress.add(connection));
    this.#limit(ofAddress, connection);
    if (this.#files > this.#maxFiles) endOne(this.#connections, connection);
    void connection.run();
  }

  /** Keeps the connections of one address within the limit. */
  #limit(ofAddress: ReadonlySet<HttpConnection>, newcomer?: HttpConnection): void {
    const { maxIdlePerAddress: most } = this.#options;
    if (!most || ofAddress.size <= most) return;
    const dispensable = Array.from(ofAddress).filter((connection) => connection.isDispensable);
    for (const connection of dispensable.slice(0, ofAddress.size - most)) connection.end();
    if (ofAddress.size > most * BURST) endOne(ofAddress, newcomer);
  }

  get #files(): number {
    return this.#connections.size + this.#byPort.size * (FILES_PER_REQUEST - 1) + this.#sockets.size;
  }

  async #connect(connection: HttpConnection): Promise<Deno.TcpConn> {
    const { hostname, port } = this.#server.addr;
    try {
      const upstream = await Deno.connect({ hostname, port });
      upstream.setNoDelay(true);
      // The connection may have been ended meanwhile.
      if (!this.#connections.has(connection)) return upstream;
      this.#byPort.set(upstream.localAddr.port, connection);
      ports.set(connection, upstream.localAddr.port);
      return upstream;
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

  /** Files ran out: closes idle connections, and keeps fewer from now on. */
  async #makeRoom(): Promise<void> {
    const files = this.#files;
    this.#options.exhausted(this.#connections.size + this.#sockets.size);
    this.#maxFiles = Math.max(SPARE_FILES, Math.min(this.#maxFiles, files - SPARE_FILES));
    while (this.#files > this.#maxFiles && endOne(this.#connections));
    await wait(EXHAUSTED_PAUSE_MS);
  }

  #serve(): Deno.HttpServer<Deno.NetAddr> {
    const server = Deno.serve(
      { hostname: INNER_HOST, port: 0, onListen() {} },
      (request, info) => this.#answer(request, info),
    );
    server.finished.catch(() => {
      // The server stops when it can't accept: there were no more files.
      if (!this.#isStopping) this.#server = this.#serve();
    });
    return server;
  }

  #answer(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> {
    // This port is for this process alone; another program of this machine may use it from another address of the loopback.
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
      // This answer is dropped. Where the HTTP server sends it, the header closes the connection to that server.
      return { socket, response: new Response(null, { headers: { connection: "close" } }) };
    };
    return this.#options.handler(request, { info, upgrade });
  }

  #poll(): void {
    // A fixed step even when this poll is late: what came meanwhile is still to be read.
    this.#clock.now += POLL_MS;
    for (const connection of this.#connections) connection.poll();
    for (const ofAddress of this.#byAddress.values()) this.#limit(ofAddress);
    for (const socket of this.#sockets) socket.poll();
  }

  #checkEnd(): void {
    if (!this.#connections.size && !this.#sockets.size) this.#allEnded?.();
  }
}

/** The local port of each connection's connection to the HTTP server. */
const ports = new WeakMap<HttpConnection, number>();

function addressOf({ remoteAddr: { hostname } }: HttpConnection): string {
  return clientAddress(hostname) ?? hostname;
}

/**
 * Ends the connection that has done nothing for the longest time; where all are busy, the one that has been busy for the
 * longest, which as a rule withholds its body or doesn't take its answer. The newcomer isn't to blame. False when there is
 * none.
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
