/** A socket whose client takes JSON as UTF-8 in binary frames (`?binary=1`). */
import type { Socket, SocketListener } from "./socket.ts";

let lastText: string | undefined;
let lastBytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Sends texts as bytes; all else is the socket's. */
export class BinarySocket implements Socket {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  get unsentBytes(): number {
    return this.#socket.unsentBytes;
  }

  listen(listener: SocketListener): void {
    this.#socket.listen(listener);
  }

  send(frame: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(typeof frame === "string" ? encodeOnce(frame) : frame);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}

/** The text as UTF-8: the same bytes for all members whom it goes to one after the other. */
function encodeOnce(text: string): Uint8Array<ArrayBuffer> {
  if (text !== lastText) {
    lastBytes = encoder.encode(text);
    lastText = text;
  }
  return lastBytes;
}

const encoder = new TextEncoder();
