/**
 * Reads WebSocket frames as a client sends them (RFC 6455, section 5; no extensions), from bytes that come in pieces of
 * any size.
 *
 * Memory for a message grows with the bytes that have come, up to its limit. A message that announces more is reported by
 * its header, before its payload comes.
 */
import type { Frame } from "./socket.ts";

/** Receives what a {@link FrameReader} reads. */
export interface FrameListener {
  /** A whole message. */
  message(frame: Frame): void;
  /** A message is announced that is larger than allowed. Messages are dropped from now on. */
  exceeded(): void;
  /** A ping has come; its payload has at most 125 bytes. */
  ping(payload: Uint8Array<ArrayBuffer>): void;
  /** The peer closes with this code; 1005: without one. */
  closed(code: number): void;
}

/** The peer breaks the protocol: {@link code} is what to close with. */
export class FrameFault extends Error {
  override readonly name = "FrameFault";
  readonly code: 1002 | 1007;

  constructor(code: 1002 | 1007, message: string) {
    super(message);
    this.code = code;
  }
}

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const NO_CODE = 1005;
const MAX_CONTROL_BYTES = 125;
/** The smallest buffer for a message that comes in parts. */
const MIN_KEPT_BYTES = 512;

const NOTHING = new Uint8Array(0);

/** Reads the frames of one connection. */
export class FrameReader {
  /** How many frames have come. */
  frames = 0;
  readonly #maxMessageBytes: number;
  readonly #listener: FrameListener;
  /** The beginning of an incomplete header. */
  #rest = NOTHING;
  /** Whether messages are dropped. */
  #isSkipping = false;

  // The frame that is being read.
  #isInFrame = false;
  #isFinal = false;
  #opcode = 0;
  #left = 0;
  /** The mask's four bytes as a number, and the index of the next one. */
  #key = 0;
  #keyAt = 0;
  /** The payload so far of a control frame, which may come in the middle of a message. */
  #control = NOTHING;

  // The message that is being read: its opcode (0: none), and its payload so far.
  #kind = 0;
  #kept = NOTHING;
  #length = 0;

  /** A message has at most `maxMessageBytes`. */
  constructor(maxMessageBytes: number, listener: FrameListener) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#listener = listener;
  }

  /** Drops messages from now on, an incomplete one included; control frames are still read. */
  skip(): void {
    this.#isSkipping = true;
    this.#kept = NOTHING;
    this.#length = 0;
  }

  /**
   * Reads the next bytes. It may change them, and doesn't keep them.
   *
   * @throws {FrameFault} when the peer breaks the protocol.
   */
  push(bytes: Uint8Array<ArrayBuffer>): void {
    const data = this.#rest.length ? joined(this.#rest, bytes) : bytes;
    this.#rest = NOTHING;
    let at = 0;
    for (;;) {
      if (!this.#isInFrame) {
        const end = this.#header(data, at);
        if (!end) break;
        at = end;
      }
      const part = data.subarray(at, at + this.#left);
      at += part.length;
      this.#left -= part.length;
      this.#part(part);
      if (this.#left) return;
      this.#isInFrame = false;
    }
    if (at < data.length) this.#rest = data.slice(at);
  }

  /** Reads a header; returns the index at which its payload begins, or 0 when the header is incomplete. */
  #header(data: Uint8Array, at: number): number {
    if (data.length - at < 2) return 0;
    const [first, second] = [data[at], data[at + 1]];
    const short = second & 0x7f;
    const keyAt = at + (short === 126 ? 4 : short === 127 ? 10 : 2);
    if (first & 0x70) throw new FrameFault(1002, "No extension was agreed on");
    if (!(second & 0x80)) throw new FrameFault(1002, "A client masks its frames");
    if (data.length < keyAt + 4) return 0;
    this.#isFinal = (first & 0x80) !== 0;
    this.#opcode = first & 0x0f;
    this.#left = short < 126 ? short : number(data, at + 2, short === 126 ? 2 : 8);
    this.#key = number(data, keyAt, 4);
    this.#keyAt = 0;
    this.#isInFrame = true;
    this.frames++;
    if (this.#opcode >= CLOSE) this.#checkControl();
    else this.#checkData();
    return keyAt + 4;
  }

  #checkControl(): void {
    if (this.#opcode > PONG) throw new FrameFault(1002, "There is no such frame");
    if (!this.#isFinal || this.#left > MAX_CONTROL_BYTES) {
      throw new FrameFault(1002, "A control frame has one part, of at most 125 bytes");
    }
    this.#control = NOTHING;
  }

  #checkData(): void {
    if (this.#opcode > BINARY) throw new FrameFault(1002, "There is no such frame");
    if ((this.#opcode === CONTINUATION) !== (this.#kind !== 0)) {
      throw new FrameFault(1002, "A message begins where another one ended");
    }
    this.#kind ||= this.#opcode;
    if (this.#isSkipping || this.#length + this.#left <= this.#maxMessageBytes) return;
    this.skip();
    this.#listener.exceeded();
  }

  #part(part: Uint8Array<ArrayBuffer>): void {
    this.#unmask(part);
    const isComplete = this.#left === 0;
    if (this.#opcode >= CLOSE) {
      this.#control = this.#control.length ? joined(this.#control, part) : part.slice();
      if (isComplete) this.#controlled(this.#control);
    } else if (this.#isSkipping) {
      if (isComplete && this.#isFinal) this.#kind = 0;
    } else if (isComplete && this.#isFinal && !this.#length) {
      // The usual case: the whole message is in one piece.
      this.#complete(part);
    } else {
      this.#keep(part);
      if (isComplete && this.#isFinal) this.#complete(this.#kept.subarray(0, this.#length));
    }
  }

  #unmask(part: Uint8Array): void {
    const key = this.#key;
    const at = this.#keyAt;
    for (let i = 0; i < 4; i++) mask[i] = key >>> (24 - 8 * ((at + i) & 3));
    for (let i = 0; i < part.length; i++) part[i] ^= mask[i & 3];
    this.#keyAt = (at + part.length) & 3;
  }

  #keep(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#kept.length) {
      const size = Math.min(Math.max(length, this.#kept.length * 2, MIN_KEPT_BYTES), this.#maxMessageBytes);
      const kept = new Uint8Array(size);
      kept.set(this.#kept.subarray(0, this.#length));
      this.#kept = kept;
    }
    this.#kept.set(part, this.#length);
    this.#length = length;
  }

  #complete(payload: Uint8Array<ArrayBuffer>): void {
    const frame = this.#kind === TEXT ? text(payload) : payload.slice().buffer;
    this.#kind = 0;
    this.#kept = NOTHING;
    this.#length = 0;
    this.#listener.message(frame);
  }

  #controlled(payload: Uint8Array<ArrayBuffer>): void {
    if (this.#opcode === PING) this.#listener.ping(payload);
    else if (this.#opcode === CLOSE) this.#listener.closed(codeIn(payload));
  }
}

/** The code of a close frame. */
function codeIn(payload: Uint8Array): number {
  if (!payload.length) return NO_CODE;
  const code = payload.length < 2 ? 0 : number(payload, 0, 2);
  // RFC 6455, section 7.4: codes that a peer may send.
  const isOne = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
    (code >= 3000 && code < 5000);
  if (!isOne) throw new FrameFault(1002, "There is no such close code");
  text(payload.subarray(2));
  return code;
}

function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new FrameFault(1007, "Text is UTF-8");
  }
}

/** A number in network byte order. Above 2^53 it is inexact, which doesn't matter: every limit is far below. */
function number(data: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = at; i < at + length; i++) value = value * 256 + data[i];
  return value;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The mask in use, rotated to the next byte; shared, because unmasking never yields. */
const mask = new Uint8Array(4);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
