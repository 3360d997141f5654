/** A reverse proxy as people put in front, for tests: it rewrites the heads of requests and passes the rest on. */

/** The request line and the headers, without the empty line; answers `undefined` for a request that leads elsewhere. */
type Rewrite = (head: string) => string | undefined;

const HEAD_END = "\r\n\r\n";

export interface Proxy extends AsyncDisposable {
  /** As an origin. */
  readonly url: string;
}

/** Starts a proxy in front of an origin; each request has a connection of its own. */
export function startProxy(target: string, rewrite: Rewrite): Proxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = new URL(target);
  const open = new Set<Deno.Conn>();
  const serving = (async () => {
    for await (const client of listener) {
      open.add(client);
      pass(client).catch(() => {}).finally(() => open.delete(client));
    }
  })();

  async function pass(client: Deno.TcpConn): Promise<void> {
    const { head, rest } = await readHead(client);
    const rewritten = rewrite(head);
    if (rewritten === undefined) {
      await client.write(
        new TextEncoder().encode("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
      );
      return client.close();
    }
    const isUpgrade = /^upgrade: websocket/im.test(head);
    const closing = isUpgrade
      ? rewritten
      : `${rewritten.replace(/\r\nconnection:[^\r]*/i, "")}\r\nconnection: close`;
    const service = await Deno.connect({ hostname, port: Number(port) });
    open.add(service);
    const begin = new Blob([new TextEncoder().encode(closing + HEAD_END), rest]);
    await service.write(await begin.bytes());
    await Promise.allSettled([
      service.readable.pipeTo(client.writable),
      client.readable.pipeTo(service.writable),
    ]);
    open.delete(service);
  }

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // Its other end was faster.
        }
      }
    },
  };
}

async function readHead(client: Deno.Conn): Promise<{ head: string; rest: Uint8Array<ArrayBuffer> }> {
  let bytes = new Uint8Array();
  for (;;) {
    const buffer = new Uint8Array(16_384);
    const count = await client.read(buffer);
    if (count === null) throw new Deno.errors.UnexpectedEof();
    bytes = new Uint8Array([...bytes, ...buffer.subarray(0, count)]);
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf(HEAD_END);
    if (end >= 0) return { head: text.slice(0, end), rest: bytes.slice(end + HEAD_END.length) };
  }
}

/** Passes on what is below a path, which it takes away, or doesn't. */
export function below(path: string, { isStripped }: { isStripped: boolean }): Rewrite {
  return (head) => {
    const [, method, rest] = /^(\S+) \S*?(\/.*)$/s.exec(head) ?? [];
    if (!rest?.startsWith(`${path}/`)) return undefined;
    return isStripped ? `${method} ${rest.slice(path.length)}` : head;
  };
}
