/** Encodes WebSocket frames as a server sends them: in one part, and without a mask (RFC 6455, section 5). */

type Bytes = Uint8Array<ArrayBuffer>;

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

let lastText: string | undefined;
let lastFrame: Bytes = new Uint8Array(0);

/** A text frame. A text goes to many members one after the other, and is encoded once for all of them. */
export function textFrame(text: string): Bytes {
  if (text === lastText) return lastFrame;
  lastFrame = frameOf(TEXT, encoder.encode(text));
  lastText = text;
  return lastFrame;
}

let lastPayload: Bytes | undefined;
let lastBinaryFrame: Bytes = new Uint8Array(0);

/** A binary frame. The payload may go to many members, too, and must not change once it was sent. */
export function binaryFrame(payload: Bytes): Bytes {
  if (payload === lastPayload) return lastBinaryFrame;
  lastBinaryFrame = frameOf(BINARY, payload);
  lastPayload = payload;
  return lastBinaryFrame;
}

/** A close frame; `reason` has at most 123 bytes. */
export function closeFrame(code: number, reason: string): Bytes {
  const text = encoder.encode(reason);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code;
  payload.set(text, 2);
  return frameOf(CLOSE, payload);
}

/** A ping without a payload. */
export function pingFrame(): Bytes {
  return frameOf(PING, new Uint8Array(0));
}

/** The answer to a ping with this payload. */
export function pongFrame(payload: Bytes): Bytes {
  return frameOf(PONG, payload);
}

function frameOf(opcode: number, payload: Bytes): Bytes {
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

const encoder = new TextEncoder();
