/** A TCP connection that says what a test wants, and keeps to no protocol. */

/** How long nothing may come before a test fails, instead of waiting for ever. */
const PATIENCE_MS = 30_000;

class SilentError extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class RawSocket implements Disposable {
  readonly #line: Deno.TcpConn;
  readonly #buffer = new Uint8Array(64 * 1024);

  private constructor(line: Deno.TcpConn) {
    this.#line = line;
  }

  static async connect(origin: string): Promise<RawSocket> {
    const { hostname, port } = new URL(origin);
    return new RawSocket(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Connects and asks for a WebSocket; resolves when there is one. */
  static async open(origin: string, path: string, headers: Record<string, string> = {}): Promise<RawSocket> {
    const socket = await RawSocket.connect(origin);
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${new URL(origin).host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    await socket.write(lines.join("\r\n") + "\r\n\r\n");
    await socket.until("\r\n\r\n");
    return socket;
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.#line.write(bytes.subarray(at));
  }

  /** Says that nothing more comes. */
  async closeWrite(): Promise<void> {
    await this.#line.closeWrite();
  }

  /** Reads until a text has come, and answers all that has come. */
  async until(text: string): Promise<string> {
    let all = "";
    while (!all.includes(text)) {
      const read = await this.#read();
      if (read === null) throw new Error(`The connection ended before ${JSON.stringify(text)}: ${all}`);
      all += decoder.decode(this.#buffer.subarray(0, read), { stream: true });
    }
    return all;
  }

  /** Reads to the end, and answers all that has come. */
  async rest(): Promise<string> {
    let all = "";
    for (;;) {
      const read = await this.#read();
      if (read === null) return all;
      all += decoder.decode(this.#buffer.subarray(0, read), { stream: true });
    }
  }

  /** Reads on, and resolves when the other end has closed the connection or broken it. */
  async ended(): Promise<void> {
    try {
      while (await this.#read() !== null);
    } catch (error) {
      if (error instanceof SilentError) throw error;
      // Broken.
    }
  }

  async #read(): Promise<number | null> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new SilentError(`Nothing came in ${PATIENCE_MS} ms, and no end`));
    }, PATIENCE_MS);
    const read = this.#line.read(this.#buffer);
    return await Promise.race([read, late.promise]).finally(() => clearTimeout(timer));
  }

  [Symbol.dispose](): void {
    this.#line.close();
  }
}

export interface RawFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly isFinal?: boolean;
}

/** A frame as a client sends it, masked with `key`. */
export function rawFrame({ opcode, payload, isFinal = true }: RawFrame, key = [1, 2, 3, 4]): Uint8Array {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const frame = new Uint8Array(6 + extra + length);
  frame[0] = (isFinal ? 0x80 : 0) | opcode;
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  const view = new DataView(frame.buffer);
  if (extra === 2) view.setUint16(2, length);
  if (extra === 8) view.setBigUint64(2, BigInt(length));
  frame.set(key, 2 + extra);
  for (let i = 0; i < length; i++) frame[6 + extra + i] = payload[i] ^ key[i & 3];
  return frame;
}
