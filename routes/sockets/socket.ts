/** A WebSocket, as a {@link SocketConnection} needs it: the platform's, or our own over TCP. */

/** A message from a client: text, or the bytes of a binary message. */
export type Frame = string | ArrayBuffer;

/** Receives what happens to a socket. */
export interface SocketListener {
  /** The socket is open. */
  opened(): void;
  /** A whole message has come. */
  received(frame: Frame): void;
  /** A message is larger than allowed; it is dropped. */
  exceeded(): void;
  /** Called once: the socket is closed, or could not be opened. */
  closed(): void;
}

/** The port that {@link PlatformSocket} and `TcpSocket` implement. */
export interface Socket {
  readonly isOpen: boolean;
  /** Bytes that were sent and that the peer's machine hasn't acknowledged. */
  readonly unsentBytes: number;
  /** Sets the listener; call it before the socket can have opened. */
  listen(listener: SocketListener): void;
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** Begins to close it; `reason` has at most 123 bytes. */
  close(code: number, reason: string): void;
}

/** A socket made of a request; `response` is to be the answer to the request. */
export interface Upgrade {
  readonly socket: Socket;
  readonly response: Response;
}

/**
 * Makes a socket of a request. Larger messages than `maxMessageBytes` are dropped and reported.
 *
 * @throws {TypeError} when the request isn't an upgrade as RFC 6455 defines it.
 */
export type Upgrader = (request: Request, options: { maxMessageBytes: number }) => Upgrade;

/** A peer that answers no ping for this many seconds is gone. */
export const IDLE_SECONDS = 30;

/**
 * The platform's socket, where it listens for us (Deno Deploy). It doesn't limit a message of many fragments before the
 * last one has come, and doesn't end while a peer that was told to close goes on sending.
 */
export class PlatformSocket implements Socket {
  readonly #socket: WebSocket;
  #listener: SocketListener | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
  }

  static upgrade: Upgrader = (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: IDLE_SECONDS });
    return { socket: new PlatformSocket(socket), response };
  };

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
    // No functions for each socket: with thousands of idle sockets they would take most of the memory.
    for (const type of ["open", "message", "close"]) this.#socket.addEventListener(type, this);
  }

  /** From the platform. */
  handleEvent(event: Event): void {
    if (event instanceof MessageEvent) this.#listener?.received(event.data);
    else if (event.type === "open") this.#listener?.opened();
    else this.#listener?.closed();
  }

  send(frame: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(frame);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
