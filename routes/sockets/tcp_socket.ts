/**
 * A WebSocket over a TCP connection (RFC 6455, the server's side, without extensions).
 *
 * The platform's sockets don't limit a message before its last fragment has come, and can't end against their peer's will.
 * Here a header that announces too large a message is refused, a peer that doesn't answer a close is disconnected, and a
 * frame for many members is encoded once.
 */
import { binaryFrame, closeFrame, pingFrame, pongFrame, textFrame } from "./frame_encoder.ts";
import { FrameFault, FrameReader } from "./frame_reader.ts";
import { type Frame, IDLE_SECONDS, type Socket, type SocketListener } from "./socket.ts";

/** What a {@link TcpSocket} needs of a TCP connection. */
export type TcpConnection = Pick<Deno.TcpConn, "read" | "write" | "close">;

/** A clock in milliseconds that stands still while this process is too busy to read: silence then isn't the peer's. */
export interface HearingClock {
  readonly now: number;
}

const IDLE_MS = IDLE_SECONDS * 1_000;
/** A peer that has been silent for this long is sent a ping. */
const PING_AFTER_MS = IDLE_MS / 2;
/** How long a peer may take to read what was sent, and to answer a close. */
const CLOSE_WITHIN_MS = 5_000;
/** Bytes after a close, or of too large a message, that are read and dropped so that the peer can read the reason. */
const MAX_SKIPPED_BYTES = 16 * 1024 * 1024;
/** Frames between two polls, a second apart: no program needs more, and reading them would take a core. */
const MAX_FRAMES = 100_000;
/** Read buffer of an idle connection, and of a busy one. */
const READ_BYTES = 4 * 1024;
const BUSY_READ_BYTES = 64 * 1024;
/** Bytes read before others have their turn: a read that finds bytes waiting ends at once, without the event loop. */
const TURN_BYTES = 64 * 1024;
/** Waiting frames are joined into one write up to about this size. */
const MAX_WRITE_BYTES = 64 * 1024;

const NO_CODE = 1005;
/** RFC 6455, section 7.4.1: policy violation. */
const POLICY = 1008;

type Bytes = Uint8Array<ArrayBuffer>;

/** The server's end of one WebSocket. */
export class TcpSocket implements Socket {
  readonly #connection: TcpConnection;
  readonly #reader: FrameReader;
  readonly #clock: HearingClock;
  readonly #ended: (socket: TcpSocket) => void;
  #listener: SocketListener | undefined;
  #isOpened = false;
  #isEnded = false;
  /** When bytes last came from the peer, and when the close was sent, by the clock. */
  #heardAt: number;
  #closedAt: number | undefined;
  #isPinged = false;
  /** Frames that had come at the last poll. */
  #frames = 0;
  #hasPeerClosed = false;
  /** Whether messages are dropped, and how many bytes were. */
  #isSkipping = false;
  #skippedBytes = 0;
  /** What is being written. */
  #writing: Bytes | undefined;
  // Made once for all writes: functions of each write were garbage, a tenth of all in many rooms.
  readonly #onWritten = (written: number): void => this.#wrote(written);
  readonly #onFailed = (): void => this.end();
  /** Frames that wait while one is being written. */
  #waiting: Bytes[] = [];
  /** The answer to the last ping, until it is written; earlier pings needn't be answered. */
  #pong: Bytes | undefined;
  unsentBytes = 0;

  /** `head` is the answer to the upgrade, sent first; `ended` is called once, when the connection is closed. */
  constructor(
    connection: TcpConnection,
    options: {
      head: Bytes;
      maxMessageBytes: number;
      clock: HearingClock;
      ended: (socket: TcpSocket) => void;
    },
  ) {
    this.#connection = connection;
    this.#reader = new FrameReader(options.maxMessageBytes, this);
    this.#ended = options.ended;
    this.#clock = options.clock;
    this.#heardAt = options.clock.now;
    this.#write(options.head);
  }

  get isOpen(): boolean {
    return this.#isOpened && !this.#isEnded && this.#closedAt === undefined;
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
  }

  send(frame: string | Bytes): void {
    if (this.isOpen) this.#write(typeof frame === "string" ? textFrame(frame) : binaryFrame(frame));
  }

  close(code: number, reason: string): void {
    if (this.#closedAt !== undefined || this.#isEnded) return;
    this.#closedAt = this.#clock.now;
    this.#isSkipping = true;
    this.#reader.skip();
    this.#write(closeFrame(code, reason));
  }

  /** Reads until the connection ends. `first` are bytes that have come already. */
  async run(first: Bytes): Promise<void> {
    try {
      let buffer: Bytes = new Uint8Array(READ_BYTES);
      let bytes = first;
      let inTurn = 0;
      while (!this.#isEnded) {
        this.#push(bytes);
        if (this.#isEnded) return;
        const read = await this.#connection.read(buffer);
        if (read === null) break;
        if ((inTurn += read) >= TURN_BYTES) {
          inTurn = 0;
          await new Promise((resolve) => setTimeout(resolve));
        }
        bytes = buffer.subarray(0, read);
        if (read === buffer.length && read < BUSY_READ_BYTES) buffer = new Uint8Array(BUSY_READ_BYTES);
        else if (read < READ_BYTES && buffer.length > READ_BYTES) buffer = new Uint8Array(READ_BYTES);
      }
    } catch {
      // A broken connection has ended.
    }
    this.end();
  }

  /** To be called every second: pings a silent peer, and ends the socket when the peer is gone or sends too much. */
  poll(): void {
    const { now } = this.#clock;
    const frames = this.#reader.frames - this.#frames;
    this.#frames += frames;
    if (frames > MAX_FRAMES) this.close(POLICY, "Too many frames");
    if (this.#closedAt !== undefined) {
      if (now - this.#closedAt > CLOSE_WITHIN_MS) this.end();
    } else if (now - this.#heardAt > IDLE_MS) {
      this.end();
    } else if (now - this.#heardAt > PING_AFTER_MS && !this.#isPinged) {
      this.#isPinged = true;
      this.#write(pingFrame());
    }
  }

  /** Closes the TCP connection at once. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#waiting = [];
    this.#pong = undefined;
    this.#reader.skip();
    try {
      this.#connection.close();
    } catch {
      // The peer was faster.
    }
    this.#ended(this);
    this.#listener?.closed();
  }

  /** From the reader. */
  message(frame: Frame): void {
    this.#listener?.received(frame);
  }

  /** From the reader. */
  exceeded(): void {
    this.#isSkipping = true;
    this.#listener?.exceeded();
  }

  /** From the reader. */
  ping(payload: Bytes): void {
    if (this.isOpen) this.#pong = pongFrame(payload);
  }

  /** From the reader: the peer closes, or has answered. */
  closed(code: number): void {
    this.#hasPeerClosed = true;
    if (this.#closedAt === undefined) this.close(code === NO_CODE ? 1000 : code, "");
    if (!this.#writing) this.end();
  }

  #push(bytes: Bytes): void {
    this.#heardAt = this.#clock.now;
    this.#isPinged = false;
    if (this.#isSkipping && (this.#skippedBytes += bytes.length) > MAX_SKIPPED_BYTES) {
      return this.end();
    }
    if (this.#hasPeerClosed) return;
    try {
      this.#reader.push(bytes);
      if (this.#pong && !this.#writing) this.#writeNext();
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      // Bytes behind a fault can't be read as frames.
      this.#hasPeerClosed = true;
      this.close(error.code, error.message);
      if (!this.#writing) this.end();
    }
  }

  #write(bytes: Bytes): void {
    if (this.#isEnded) return;
    this.unsentBytes += bytes.length;
    if (this.#writing) this.#waiting.push(bytes);
    else this.#begin(bytes);
  }

  #begin(bytes: Bytes): void {
    this.#writing = bytes;
    this.#connection.write(bytes).then(this.#onWritten, this.#onFailed);
  }

  #wrote(written: number): void {
    this.unsentBytes -= written;
    if (this.#isEnded || !this.#writing) return;
    if (written < this.#writing.length) return this.#begin(this.#writing.subarray(written));
    this.#writing = undefined;
    if (!this.#isOpened) this.#open();
    if (!this.#writing && !this.#isEnded) this.#writeNext();
  }

  #writeNext(): void {
    const next = this.#next();
    if (next) this.#begin(next);
    else if (this.#hasPeerClosed) this.end();
  }

  #open(): void {
    this.#isOpened = true;
    if (this.#closedAt === undefined) this.#listener?.opened();
  }

  /** The bytes to write next: all frames that wait, up to {@link MAX_WRITE_BYTES}. */
  #next(): Bytes | undefined {
    if (this.#pong) {
      const pong = this.#pong;
      this.#pong = undefined;
      this.unsentBytes += pong.length;
      return pong;
    }
    const waiting = this.#waiting;
    if (waiting.length < 2) return waiting.pop();
    let count = 0;
    let length = 0;
    while (count < waiting.length && length < MAX_WRITE_BYTES) length += waiting[count++].length;
    const taken = waiting.splice(0, count);
    if (count === 1) return taken[0];
    const joined = new Uint8Array(length);
    let at = 0;
    for (const frame of taken) {
      joined.set(frame, at);
      at += frame.length;
    }
    return joined;
  }
}
