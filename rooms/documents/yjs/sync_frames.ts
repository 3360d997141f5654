/**
 * The binary frames of the Yjs sync and awareness protocol, as y-websocket sends them
 * (https://github.com/yjs/y-protocols/blob/master/PROTOCOL.md).
 */
import * as encoding from "lib0/encoding";
import * as sync from "y-protocols/sync";
import type * as Y from "yjs";
import type { DocumentAwareness } from "./awareness.ts";

/** The types of frames (https://github.com/yjs/y-websocket/blob/master/src/y-websocket.js). */
export const MESSAGE = { sync: 0, awareness: 1, queryAwareness: 3 } as const;

/** The frame that carries an update. */
export function updateFrame(update: Uint8Array): Uint8Array<ArrayBuffer> {
  return frame(MESSAGE.sync, (encoder) => sync.writeUpdate(encoder, update));
}

/** The frame that asks a client for all edits that `doc` doesn't have. */
export function requestFrame(doc: Y.Doc): Uint8Array<ArrayBuffer> {
  return frame(MESSAGE.sync, (encoder) => sync.writeSyncStep1(encoder, doc));
}

/**
 * The frame that carries all edits that a client with this state vector doesn't have.
 *
 * @throws {Error} when the state vector can't be decoded
 */
export function answerFrame(doc: Y.Doc, state: Uint8Array): Uint8Array<ArrayBuffer> {
  return frame(MESSAGE.sync, (encoder) => sync.writeSyncStep2(encoder, doc, state));
}

/** The frame that carries the awareness states of these clients. */
export function awarenessFrame(
  awareness: DocumentAwareness,
  clients: Iterable<number>,
): Uint8Array<ArrayBuffer> {
  return frame(
    MESSAGE.awareness,
    (encoder) => encoding.writeVarUint8Array(encoder, awareness.encode(clients)),
  );
}

function frame(type: number, write: (encoder: encoding.Encoder) => void): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, type);
  write(encoder);
  return encoding.toUint8Array(encoder);
}
