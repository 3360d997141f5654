/**
 * One TCP connection: its requests go on to the platform's HTTP server, which is at a port of its own on this machine,
 * until one of them asks for a WebSocket; then the connection is the socket's. As a rule it is the first one, and nobody
 * else needs to see it.
 *
 * Nothing is done for a connection that sends nothing, and none is kept that doesn't get on: a request that isn't
 * complete in time, an answer that nobody takes, a pause that is too long.
 */
import { type HearingClock, TcpSocket } from "../sockets/tcp_socket.ts";
import { answerBytes, upgradeRequest } from "./upgrade_request.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface HttpConnectionOptions {
  readonly clock: HearingClock;
  /** Connects to the HTTP server; `port` is ours on that connection. */
  readonly connect: (connection: HttpConnection) => Promise<Deno.TcpConn>;
  /** Answers a request for a socket that came first; the connection has become one's, or is to be closed. */
  readonly answer: (request: Request, connection: HttpConnection) => Response | Promise<Response>;
  /** Called once, when it is over or has become a socket's. */
  readonly ended: (connection: HttpConnection) => void;
  /** Called once a connection that became a socket's is over. */
  readonly socketEnded: (socket: TcpSocket) => void;
}

/** Where a connection is, and since when. */
type State = "silent" | "asking" | "answering" | "resting";

/** How long a connection may be in a state. An answer may take its time to make, and so does a body to come. */
const PATIENCE_MS: Readonly<Record<State, number>> = {
  silent: 10_000,
  asking: 10_000,
  answering: 120_000,
  resting: 75_000,
};
/** How long an answer may take to whoever has said all: as a rule nobody waits for it. */
const PATIENCE_AFTER_ALL_MS = 10_000;
/** A body, and whoever takes an answer, is at least so fast: one kilobyte a second. */
const BYTES_PER_MS = 1;
/**
 * HTTP/2 begins so, and no request of HTTP/1 does (RFC 9113, section 3.4). The HTTP server behind would speak it, and one
 * connection could then ask for hundreds of answers at once and take none of them.
 */
const HTTP2 = new TextEncoder().encode("PRI ");
const READ_BYTES = 4 * 1024;
const BUSY_READ_BYTES = 64 * 1024;

export class HttpConnection {
  /** The address at the other end. */
  readonly remoteAddr: Deno.NetAddr;
  readonly #outer: Deno.TcpConn;
  readonly #options: HttpConnectionOptions;
  #inner: Deno.TcpConn | undefined;
  #socket: TcpSocket | undefined;
  #isEnded = false;
  #state: State = "silent";
  /** Since when it is in its state, by the clock. */
  #since: number;
  /** Requests that are being answered. */
  #requests = 0;
  /** How many bytes have come that may yet begin HTTP/2; `undefined`: they don't. */
  #preface: number | undefined = 0;
  /**
   * Whether nothing more will come. The other end may still want its answers; the HTTP server behind, told of it, would
   * give up those that it hasn't made.
   */
  #hasSaidAll = false;
  /** Bytes that have come and gone since. */
  #bytes = 0;
  /** Since when what is being written waits for its reader; `undefined`: nothing does. */
  #writingSince: number | undefined;

  constructor(outer: Deno.TcpConn, options: HttpConnectionOptions) {
    this.remoteAddr = outer.remoteAddr as Deno.NetAddr;
    this.#outer = outer;
    this.#options = options;
    this.#since = options.clock.now;
  }

  /** Whether nothing would be lost by ending it. */
  get isIdle(): boolean {
    return this.#state !== "answering";
  }

  /** Since when it is as it is. */
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

  /** Makes it a socket's; the answer of the HTTP server goes nowhere. */
  become(head: Bytes, maxMessageBytes: number): TcpSocket {
    const socket = new TcpSocket(this.#outer, {
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

  /** Reads what comes, to the end. */
  async run(): Promise<void> {
    try {
      let buffer: Bytes = new Uint8Array(READ_BYTES);
      for (;;) {
        const read = await this.#outer.read(buffer);
        const bytes = buffer.subarray(0, read ?? 0);
        if (this.#socket) {
          if (read === null) this.#socket.end();
          else void this.#socket.run(bytes);
          return;
        }
        if (read === null) break;
        const request = this.#state === "silent" ? upgradeRequest(bytes) : undefined;
        if (request) return await this.#upgrade(request);
        if (this.#beginsHttp2(bytes)) return await this.#refuse(505);
        this.#heard(read);
        await this.#passOn(bytes);
        if (read === buffer.length && read < BUSY_READ_BYTES) buffer = new Uint8Array(BUSY_READ_BYTES);
      }
      this.#hasSaidAll = true;
      if (!this.#isOwed) this.end();
    } catch {
      // A connection that breaks is one that ends.
      this.#socket?.end();
      this.end();
    }
  }

  /** To be called every second: ends it when it takes too long. */
  look(): void {
    const { now } = this.#options.clock;
    const isStuck = this.#writingSince !== undefined && now - this.#writingSince > PATIENCE_MS.resting;
    const patience = this.#hasSaidAll ? PATIENCE_AFTER_ALL_MS : PATIENCE_MS[this.#state];
    const grace = this.#state === "answering" ? this.#bytes / BYTES_PER_MS : 0;
    const isOver = this.#hasSaidAll && !this.#isOwed && now > this.#since;
    if (isStuck || isOver || now - this.#since > patience + grace) this.end();
  }

  /** Whether an answer is to come. */
  get #isOwed(): boolean {
    return this.#state === "asking" || this.#state === "answering";
  }

  /** Cuts it off. */
  end(): void {
    for (const line of [this.#inner, this.#socket ? undefined : this.#outer]) {
      try {
        line?.close();
      } catch {
        // It is closed already.
      }
    }
    this.#inner = undefined;
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.ended(this);
  }

  #become(state: State): void {
    this.#state = state;
    this.#since = this.#options.clock.now;
    this.#bytes = 0;
  }

  #heard(bytes: number): void {
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
    await writeAll(this.#outer, await answerBytes(new Response(null, { status })));
    this.end();
  }

  async #upgrade(request: Request): Promise<void> {
    this.#become("answering");
    const response = await this.#options.answer(request, this);
    if (this.#socket) return void this.#socket.run(NOTHING);
    await writeAll(this.#outer, await answerBytes(response));
    this.end();
  }

  async #passOn(bytes: Bytes): Promise<void> {
    if (!this.#inner) {
      const inner = await this.#options.connect(this);
      if (this.#isEnded) return inner.close();
      this.#inner = inner;
      void this.#answer(inner);
    }
    await writeAll(this.#inner, bytes);
  }

  /** Passes on what the HTTP server answers. */
  async #answer(inner: Deno.TcpConn): Promise<void> {
    try {
      let buffer: Bytes = new Uint8Array(READ_BYTES);
      for (;;) {
        const read = await inner.read(buffer);
        if (read === null) break;
        if (this.#socket) continue;
        this.#writingSince = this.#options.clock.now;
        await writeAll(this.#outer, buffer.subarray(0, read));
        this.#writingSince = undefined;
        this.#bytes += read;
        if (read === buffer.length && read < BUSY_READ_BYTES) buffer = new Uint8Array(BUSY_READ_BYTES);
      }
    } catch {
      // Either of the two is gone.
    }
    this.end();
  }
}

async function writeAll(line: Deno.TcpConn, bytes: Bytes): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await line.write(bytes.subarray(at));
}

const NOTHING = new Uint8Array(0);
