/**
 * One TCP connection. Its requests are forwarded to the platform's HTTP server, which listens at a port of its own on this
 * machine, until one of them asks for a WebSocket: then the connection becomes a {@link TcpSocket}. Usually that is the
 * first request, which then isn't forwarded at all.
 *
 * A connection that sends nothing costs nothing, and one that makes no progress is ended: a request that isn't complete in
 * time, an answer that the client doesn't read, a long pause.
 */
import { type HearingClock, TcpSocket } from "../sockets/tcp_socket.ts";
import { answerBytes, upgradeRequest } from "./upgrade_request.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What {@link HttpConnection} works with. */
export interface HttpConnectionOptions {
  readonly clock: HearingClock;
  /** Connects to the HTTP server for this connection. */
  readonly connect: (connection: HttpConnection) => Promise<Deno.TcpConn>;
  /** Answers a first request that asks for a socket. Afterwards the connection is a socket's, or is to be closed. */
  readonly answer: (request: Request, connection: HttpConnection) => Response | Promise<Response>;
  /** Called once, when the connection has ended or has become a socket. */
  readonly ended: (connection: HttpConnection) => void;
  /** Called once, when a connection that became a socket has ended. */
  readonly socketEnded: (socket: TcpSocket) => void;
}

/** Nothing has come yet; a request is coming; requests are being answered; all are answered. */
type State = "silent" | "asking" | "answering" | "resting";

/** How long a connection may be in a state. An answer may take long to make, and a long body long to come. */
const MAX_MS: Readonly<Record<State, number>> = {
  silent: 10_000,
  asking: 10_000,
  answering: 120_000,
  resting: 75_000,
};
/**
 * Milliseconds by the clock after which an answer that is complete has been forwarded, too: the HTTP server is done with it
 * before it is read here, and the clock goes on only when all that can be read was.
 */
const FORWARDED_AFTER_MS = 3_000;
/** How long somebody may leave an answer unread where others of their address need the place. */
const UNREAD_MS = 5_000;
/** What is read of a request after its answer is complete; nginx and others do the same ("lingering close"). */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024;
/** The longest that an answer takes after the client has closed its side: few clients wait for it. */
const MAX_AFTER_ALL_MS = 10_000;
/** The least speed of bodies and answers, 1 kB a second: each byte extends the time of an answer. */
const MIN_BYTES_PER_MS = 1;
/**
 * HTTP/2 begins with this, and no request of HTTP/1 does (RFC 9113, section 3.4). The HTTP server behind would speak it, and
 * one connection could then ask for hundreds of answers at once and take none of them.
 */
const HTTP2 = new TextEncoder().encode("PRI ");
const READ_BYTES = 4 * 1024;
const BUSY_READ_BYTES = 64 * 1024;

/** A connection of a client, from its first byte until it ends or becomes a socket. */
export class HttpConnection {
  /** The address at the other end. */
  readonly remoteAddr: Deno.NetAddr;
  readonly #client: Deno.TcpConn;
  readonly #options: HttpConnectionOptions;
  #upstream: Deno.TcpConn | undefined;
  #socket: TcpSocket | undefined;
  #isEnded = false;
  #state: State = "silent";
  /** When it entered its state, or last forwarded a part of an answer that is complete, by the clock. */
  #since: number;
  #isStopping = false;
  /** How many requests are being answered. */
  #requests = 0;
  /** How many of the first bytes are those of HTTP/2; `undefined` once one is another. */
  #preface: number | undefined = 0;
  /**
   * Whether the client has closed its side. It may still want its answers; the HTTP server behind, were it told, would drop
   * those that aren't made yet.
   */
  #hasSaidAll = false;
  /** Whether what still comes is dropped, because the answer is complete. */
  #isDraining = false;
  /** Bytes received and sent in this state. */
  #bytes = 0;
  /** When the write that is under way began; `undefined`: none is. */
  #writingSince: number | undefined;

  constructor(client: Deno.TcpConn, options: HttpConnectionOptions) {
    this.remoteAddr = client.remoteAddr as Deno.NetAddr;
    this.#client = client;
    this.#options = options;
    this.#since = options.clock.now;
  }

  /** Whether nothing would be lost by ending it. */
  get isIdle(): boolean {
    return this.#state !== "answering" && this.#writingSince === undefined;
  }

  /** Whether it isn't the service's turn: all is answered, or the client hasn't taken what is sent to it for a while. */
  get isDispensable(): boolean {
    const { now } = this.#options.clock;
    const isUnread = this.#writingSince !== undefined && now - this.#writingSince > UNREAD_MS;
    return isUnread || (this.#state === "resting" && now - this.#since > FORWARDED_AFTER_MS);
  }

  /** When it entered its state, or last forwarded a part of an answer that is complete, by the clock of the options. */
  get since(): number {
    return this.#since;
  }

  /** A request of this connection is being answered. */
  begun(): void {
    this.#requests++;
    this.#become("answering");
  }

  /** It has been answered. */
  answered(): void {
    if (--this.#requests === 0) this.#become("resting");
  }

  /** Ends the connection once all that it has asked for is answered; the HTTP server behind has to stop, too. */
  stop(): void {
    this.#isStopping = true;
    if (this.#state === "silent" && !this.#isDraining) this.end();
  }

  /** Turns the connection into a socket; an answer of the HTTP server is dropped from now on. */
  become(head: Bytes, maxMessageBytes: number): TcpSocket {
    const socket = new TcpSocket(this.#client, {
      head,
      maxMessageBytes,
      clock: this.#options.clock,
      ended: this.#options.socketEnded,
    });
    this.#socket = socket;
    this.#isEnded = true;
    this.#options.ended(this);
    return socket;
  }

  /** Reads until the connection ends or becomes a socket. */
  async run(): Promise<void> {
    try {
      let buffer: Bytes = new Uint8Array(READ_BYTES);
      for (;;) {
        const read = await this.#client.read(buffer);
        const bytes = buffer.subarray(0, read ?? 0);
        if (this.#socket) {
          if (read === null) this.#socket.end();
          else void this.#socket.run(bytes);
          return;
        }
        if (read === null) break;
        if (this.#isDraining) {
          if ((this.#bytes += read) > MAX_DRAINED_BYTES) return this.end();
          continue;
        }
        const request = this.#state === "silent" ? upgradeRequest(bytes) : undefined;
        if (request) return await this.#upgrade(request);
        if (this.#beginsHttp2(bytes)) return await this.#refuse(505);
        this.#received(read);
        await this.#forward(bytes);
        if (read === buffer.length && read < BUSY_READ_BYTES) buffer = new Uint8Array(BUSY_READ_BYTES);
      }
      this.#hasSaidAll = true;
      // What it has sent so far gives it no time: an upload that broke off is waited for no longer than others.
      this.#since = this.#options.clock.now;
      this.#bytes = 0;
      if (!this.#isOwed) this.end();
    } catch {
      // A broken connection has ended.
      this.#socket?.end();
      this.end();
    }
  }

  /** To be called every second: ends the connection when it takes too long. */
  poll(): void {
    const { now } = this.#options.clock;
    const isStuck = this.#writingSince !== undefined && now - this.#writingSince > MAX_MS.resting;
    const maxMs = this.#hasSaidAll ? MAX_AFTER_ALL_MS : MAX_MS[this.#state];
    const grace = this.#state === "answering" ? this.#bytes / MIN_BYTES_PER_MS : 0;
    const isOver = this.#hasSaidAll && !this.#isOwed && now > this.#since;
    if (isStuck || isOver || now - this.#since > maxMs + grace) this.end();
  }

  /** Whether an answer is to come. */
  get #isOwed(): boolean {
    return this.#state === "asking" || this.#state === "answering";
  }

  /** Closes the connection at once. */
  end(): void {
    for (const connection of [this.#upstream, this.#socket ? undefined : this.#client]) {
      try {
        connection?.close();
      } catch {
        // It is closed already.
      }
    }
    this.#upstream = undefined;
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.ended(this);
  }

  #become(state: State): void {
    this.#state = state;
    this.#since = this.#options.clock.now;
    this.#bytes = 0;
  }

  #received(bytes: number): void {
    if (this.#state === "silent" || this.#state === "resting") this.#become("asking");
    this.#bytes += bytes;
  }

  #beginsHttp2(bytes: Bytes): boolean {
    for (let i = 0; i < bytes.length && this.#preface !== undefined; i++) {
      this.#preface = bytes[i] === HTTP2[this.#preface] ? this.#preface + 1 : undefined;
      if (this.#preface === HTTP2.length) return true;
    }
    return false;
  }

  async #refuse(status: number): Promise<void> {
    await writeAll(this.#client, await answerBytes(new Response(null, { status })));
    this.end();
  }

  async #upgrade(request: Request): Promise<void> {
    this.#become("answering");
    const response = await this.#options.answer(request, this);
    if (this.#socket) return void this.#socket.run(NOTHING);
    await writeAll(this.#client, await answerBytes(response));
    this.end();
  }

  async #forward(bytes: Bytes): Promise<void> {
    if (!this.#upstream) {
      const upstream = await this.#options.connect(this);
      if (this.#isEnded) return upstream.close();
      this.#upstream = upstream;
      void this.#answer(upstream);
    }
    try {
      await writeAll(this.#upstream, bytes);
    } catch {
      // The server has answered, and wants no more of the request.
      this.#isDraining = true;
    }
  }

  /** Forwards the answers of the HTTP server. */
  async #answer(upstream: Deno.TcpConn): Promise<void> {
    try {
      let buffer: Bytes = new Uint8Array(READ_BYTES);
      for (;;) {
        const read = await upstream.read(buffer);
        if (read === null) break;
        if (this.#socket) continue;
        this.#writingSince = this.#options.clock.now;
        await writeAll(this.#client, buffer.subarray(0, read));
        this.#writingSince = undefined;
        this.#bytes += read;
        // The HTTP server is done with an answer long before a slow client has it.
        if (this.#state === "resting") this.#since = this.#options.clock.now;
        if (read === buffer.length && read < BUSY_READ_BYTES) buffer = new Uint8Array(BUSY_READ_BYTES);
      }
      // The server ends a connection whose requests are all answered.
      const isDone = this.#isStopping && this.#state === "resting";
      if (!this.#socket && !isDone) return await this.#drain();
    } catch {
      // One of the two connections is broken.
    }
    this.end();
  }

  /** Lets a client that is still sending read its answer: closing with unread bytes would reset the connection. */
  async #drain(): Promise<void> {
    this.#isDraining = true;
    this.#become("silent");
    await this.#client.closeWrite();
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Bytes): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

const NOTHING = new Uint8Array(0);
