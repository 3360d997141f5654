/**
 * A WebSocket over a TCP connection that is ours (RFC 6455, the server's side, without extensions).
 *
 * The platform's sockets put no limit on a message before its last fragment has come, and none of them ends while its
 * peer doesn't want it to. Here a message that would be too large is refused by the header that announces it, a peer that
 * doesn't answer a close is cut off, and a frame for many members is encoded once.
 */
import { FrameFault, FrameReader } from "./frame_reader.ts";
import { type Frame, IDLE_SECONDS, type Socket, type SocketListener } from "./socket.ts";

/** What this needs of a TCP connection. */
export type Line = Pick<Deno.TcpConn, "read" | "write" | "close">;

/** Milliseconds of a clock that stands still while this process is too busy to hear anybody. */
export interface HearingClock {
  readonly now: number;
}

const IDLE_MS = IDLE_SECONDS * 1_000;
/** A peer that has been silent for so long is asked whether it is there. */
const PING_AFTER_MS = IDLE_MS / 2;
/** How long a peer may take to answer a close, and to take what was sent before. */
const CLOSE_WITHIN_MS = 5_000;
/** What comes after a close, or of a message that is too large, is read and forgotten, so that the peer gets to see why. */
const MAX_SKIPPED_BYTES = 16 * 1024 * 1024;
/** Frames between two looks, a second: no program has so much to say, and reading them would take a core. */
const MAX_FRAMES = 100_000;
/** What an idle connection keeps to read into, and a busy one. */
const READ_BYTES = 4 * 1024;
const BUSY_READ_BYTES = 64 * 1024;
/** After so much it is others' turn: reads that find bytes waiting end at once, and the event loop waits for all of them. */
const TURN_BYTES = 64 * 1024;
/** So much of what waits goes out in one write. */
const MAX_WRITE_BYTES = 64 * 1024;

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const NO_CODE = 1005;
/** RFC 6455, section 7.4.1: the peer breaks a policy. */
const POLICY = 1008;

type Bytes = Uint8Array<ArrayBuffer>;

export class TcpSocket implements Socket {
  readonly #line: Line;
  readonly #reader: FrameReader;
  readonly #clock: HearingClock;
  readonly #ended: (socket: TcpSocket) => void;
  #listener: SocketListener | undefined;
  #isOpened = false;
  #isEnded = false;
  /** When the peer was last heard, and when it was told to close; by the clock. */
  #heardAt: number;
  #closedAt: number | undefined;
  #isPinged = false;
  /** Frames that had come at the last look. */
  #frames = 0;
  #hasPeerClosed = false;
  /** Whether nothing is kept of what comes, and how much of it came. */
  #isSkipping = false;
  #skippedBytes = 0;
  #isWriting = false;
  /** Frames that wait for the one that is being written. */
  #waiting: Bytes[] = [];
  /** The answer to the last ping, until it is written; older ones needn't be answered. */
  #pong: Bytes | undefined;
  unsentBytes = 0;

  /** `head` is the answer to the upgrade, to be sent first; `ended` is called once the connection is closed. */
  constructor(
    line: Line,
    options: {
      head: Bytes;
      maxMessageBytes: number;
      clock: HearingClock;
      ended: (socket: TcpSocket) => void;
    },
  ) {
    this.#line = line;
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
    if (this.isOpen) this.#write(typeof frame === "string" ? encodedText(frame) : encoded(BINARY, frame));
  }

  close(code: number, reason: string): void {
    if (this.#closedAt !== undefined || this.#isEnded) return;
    this.#closedAt = this.#clock.now;
    this.#isSkipping = true;
    this.#reader.skip();
    this.#write(encoded(CLOSE, closing(code, reason)));
  }

  /** Reads until the peer closes, in whichever way. `first` is what has come already. */
  async run(first: Bytes): Promise<void> {
    try {
      let buffer: Bytes = new Uint8Array(READ_BYTES);
      let bytes = first;
      let inTurn = 0;
      while (!this.#isEnded) {
        this.#push(bytes);
        if (this.#isEnded) return;
        const read = await this.#line.read(buffer);
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
      // A connection that breaks is one that ends.
    }
    this.end();
  }

  /** To be called every second: asks silent peers whether they are there, and ends what is over or too much. */
  look(): void {
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
      this.#write(encoded(PING, NOTHING));
    }
  }

  /** Cuts it off. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#waiting = [];
    this.#pong = undefined;
    this.#reader.skip();
    try {
      this.#line.close();
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
    if (this.isOpen) this.#pong = encoded(PONG, payload);
  }

  /** From the reader: the peer closes, or has answered. */
  closed(code: number): void {
    this.#hasPeerClosed = true;
    if (this.#closedAt === undefined) this.close(code === NO_CODE ? 1000 : code, "");
    if (!this.#isWriting) this.end();
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
      if (this.#pong && !this.#isWriting) this.#goOn();
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      // What comes behind it can't be understood.
      this.#hasPeerClosed = true;
      this.close(error.code, error.message);
      if (!this.#isWriting) this.end();
    }
  }

  #write(bytes: Bytes): void {
    if (this.#isEnded) return;
    this.unsentBytes += bytes.length;
    if (this.#isWriting) this.#waiting.push(bytes);
    else this.#begin(bytes);
  }

  #begin(bytes: Bytes): void {
    this.#isWriting = true;
    this.#line.write(bytes).then((written) => this.#wrote(bytes, written), () => this.end());
  }

  #wrote(bytes: Bytes, written: number): void {
    this.unsentBytes -= written;
    if (this.#isEnded) return;
    if (written < bytes.length) return this.#begin(bytes.subarray(written));
    this.#isWriting = false;
    if (!this.#isOpened) this.#open();
    if (!this.#isWriting && !this.#isEnded) this.#goOn();
  }

  #goOn(): void {
    const next = this.#next();
    if (next) this.#begin(next);
    else if (this.#hasPeerClosed) this.end();
  }

  #open(): void {
    this.#isOpened = true;
    if (this.#closedAt === undefined) this.#listener?.opened();
  }

  /** What is to be written next: all that waits, up to a size. */
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

let lastText: string | undefined;
let lastFrame = new Uint8Array(0);

/** A text frame; the same text goes to many members one after the other, and is encoded for the first. */
function encodedText(text: string): Bytes {
  if (text === lastText) return lastFrame;
  lastFrame = encoded(TEXT, encoder.encode(text));
  lastText = text;
  return lastFrame;
}

/** A frame of one part; servers don't mask. */
function encoded(opcode: number, payload: Bytes): Bytes {
  const { length } = payload;
  const headLength = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
  const frame = new Uint8Array(headLength + length);
  frame[0] = 0x80 | opcode;
  if (headLength === 2) frame[1] = length;
  else {
    frame[1] = headLength === 4 ? 126 : 127;
    for (let i = headLength - 1, rest = length; i > 1; i--, rest = Math.floor(rest / 256)) frame[i] = rest;
  }
  frame.set(payload, headLength);
  return frame;
}

function closing(code: number, reason: string): Bytes {
  const text = encoder.encode(reason);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code;
  payload.set(text, 2);
  return payload;
}

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
