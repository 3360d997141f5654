/** A plain WebSocket client that waits for frames. */

// deno-lint-ignore no-explicit-any -- what comes over the wire is what the tests look at
export type Frame = Record<string, any> & { type: string };

/** How long nothing may come before a test fails, instead of waiting for ever. */
const PATIENCE_MS = 30_000;

export class Client implements AsyncDisposable {
  /** All frames in the order of arrival; the events of a joined frame one by one. */
  readonly frames: Frame[] = [];
  /** The texts of the frames as they came. */
  readonly texts: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();
  readonly #closed = Promise.withResolvers<CloseEvent>();
  #read = 0;

  constructor(url: string, options?: WebSocketOptions) {
    // Browsers' types, which hold for tests with pages, know of no headers.
    this.#socket = new WebSocket(url, options as never);
    this.#socket.onmessage = ({ data }) => {
      this.texts.push(data);
      this.frames.push(...[JSON.parse(data)].flat());
      this.#wake();
    };
    this.#socket.onclose = (event) => {
      this.#closed.resolve(event);
      this.#wake();
    };
    this.#socket.onerror = (event) => event.preventDefault();
  }

  /** Enters a room and waits for its history. `query` begins with `?`. */
  static async enter(origin: string, room: string, query = ""): Promise<Client> {
    const client = new Client(roomAddress(origin, room) + query);
    await client.next("history");
    return client;
  }

  /** Called in the very turn in which the socket opens. */
  set opened(callback: () => void) {
    this.#socket.onopen = callback;
  }

  /** Resolves when the socket is closed. */
  get closed(): Promise<CloseEvent> {
    const late = setTimeout(() => {
      this.#closed.reject(new Error(`The socket wasn't closed in ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    return this.#closed.promise.finally(() => clearTimeout(late));
  }

  send(frame: object | string): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(bytes);
  }

  /** The next frame of this type that hasn't been read, and that matches; those before it are passed over. */
  async next(type: string, matches: (frame: Frame) => boolean = () => true): Promise<Frame> {
    for (;;) {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++];
        if (frame.type === type && matches(frame)) return frame;
      }
      await this.#news(`a "${type}" frame`);
    }
  }

  /** Resolves once `matches` holds for the frames so far. */
  async until(matches: (frames: readonly Frame[]) => boolean): Promise<void> {
    while (!matches(this.frames)) {
      await this.#news("frames");
    }
  }

  /** All frames of a type so far. */
  all(type: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** Says something and waits until it is acknowledged. */
  async say(message: string, clientId: string = crypto.randomUUID()): Promise<Frame> {
    this.send({ type: "chat_message", message, client_id: clientId });
    return await this.next("ack", (ack) => ack.client_id === clientId);
  }

  async close(): Promise<CloseEvent> {
    this.#socket.close();
    return await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #news(what: string): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) {
      throw new Error(`No ${what} came: the socket is closed`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const seen = this.frames.slice(-3).map((frame) => JSON.stringify(frame).slice(0, 200)).join(" ");
    const timer = setTimeout(
      () => reject(new Error(`No ${what} came in ${PATIENCE_MS} ms after ${seen}`)),
      PATIENCE_MS,
    );
    this.#waiting.add(resolve);
    await promise.finally(() => clearTimeout(timer));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

interface WebSocketOptions {
  readonly headers?: Record<string, string>;
}

/** The address of a room's socket. */
export function roomAddress(origin: string, room: string): string {
  return `${origin.replace("http", "ws")}/ws/chat/${encodeURIComponent(room)}/`;
}
