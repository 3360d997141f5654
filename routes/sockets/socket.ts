/** A WebSocket, as a {@link SocketConnection} needs it: that of the platform, or one of a connection of our own. */

/** What comes in: text, or bytes of a binary frame. */
export type Frame = string | ArrayBuffer;

/** Whoever hears a socket. */
export interface SocketListener {
  /** It is open. */
  opened(): void;
  /** A whole message has come. */
  received(frame: Frame): void;
  /** A message is larger than it may be; it is not kept. */
  exceeded(): void;
  /** Called once: it is closed, or never opened. */
  closed(): void;
}

export interface Socket {
  readonly isOpen: boolean;
  /** Bytes that were sent, and that the peer's machine hasn't taken yet. */
  readonly unsentBytes: number;
  /** Calls the listener from now on; before the socket can have opened. */
  listen(listener: SocketListener): void;
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** Begins to close it; `reason` has at most 123 bytes. */
  close(code: number, reason: string): void;
}

/** What becomes of a request that asks for a socket: `response` is to be the answer to it. */
export interface Upgrade {
  readonly socket: Socket;
  readonly response: Response;
}

/**
 * Makes a socket of a request, whose messages have at most so many bytes. Throws `TypeError` for a request that isn't an
 * upgrade as RFC 6455 has it.
 */
export type Upgrader = (request: Request, options: { maxMessageBytes: number }) => Upgrade;

/** A peer that answers no ping for this long is gone. */
export const IDLE_SECONDS = 30;

/**
 * The platform's socket, where it listens for us (Deno Deploy). It knows no limit for a message of many fragments
 * before the last one has come, and doesn't end while a peer goes on that was told to close.
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
    // No functions of its own: with thousands of idle sockets they are what takes the room.
    for (const type of ["open", "message", "close"]) this.#socket.addEventListener(type, this);
  }

  /** Hears the platform. */
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
