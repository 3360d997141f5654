/**
 * Reads requests that ask for a WebSocket, as browsers and programs send them, so that they needn't be forwarded to the
 * HTTP server; and writes the answer that refuses one.
 *
 * Anything that isn't plainly such a request is left to that server, which knows all of HTTP: a body, folded lines,
 * characters beyond ASCII, a request in several pieces or with more bytes behind it.
 */

import { createHash } from "node:crypto";

type Bytes = Uint8Array<ArrayBuffer>;

/** A host name or address, with or without a port. */
const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-f:.]+\](?::\d+)?$/i;
const REQUEST_LINE = /^GET (\/[!-~]*) HTTP\/1\.1$/;
/** A header line in ASCII: RFC 9110, sections 5.6.2 and 5.5. */
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([!-~]?|[!-~][ -~\t]*[!-~])[ \t]*$/;
/** Headers that announce a body, or ask for an answer before the upgrade. */
const WITH_MORE = ["content-length", "transfer-encoding", "expect", "http2-settings"];
/** The constant of the handshake in RFC 6455, section 1.3. */
const HANDSHAKE_ID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Several times as many as browsers send. */
const MAX_HEADERS = 64;

/** The request that these bytes make up; `undefined` when they are to be forwarded to the HTTP server. */
export function upgradeRequest(bytes: Bytes): Request | undefined {
  if (!startsWithGet(bytes)) return undefined;
  const text = decoder.decode(bytes);
  if (text.indexOf("\r\n\r\n") !== text.length - 4 || !UPGRADE.test(text)) return undefined;
  const [first, ...lines] = text.slice(0, -4).split("\r\n");
  const path = REQUEST_LINE.exec(first)?.[1];
  if (path === undefined || lines.length > MAX_HEADERS) return undefined;
  const headers = new Headers();
  let hosts = 0;
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || WITH_MORE.includes(name.toLowerCase())) return undefined;
    if (name.toLowerCase() === "host") hosts++;
    headers.append(name, value);
  }
  const host = headers.get("host") ?? "";
  const url = `http://${host}${path}`;
  if (hosts !== 1 || !HOST.test(host) || !URL.canParse(url)) return undefined;
  return new Request(url, { headers });
}

/** The bytes of an answer in HTTP/1.1, after which the connection is closed. */
export async function answerBytes({ status, headers, body }: Response): Promise<Bytes> {
  const content = new Uint8Array(await new Response(body).arrayBuffer());
  const lines = [`HTTP/1.1 ${status} `];
  for (const [name, value] of headers) {
    if (name !== "content-length" && name !== "connection") lines.push(`${name}: ${value}`);
  }
  lines.push(`content-length: ${content.length}`, "connection: close", "", "");
  const head = encoder.encode(lines.join("\r\n"));
  const all = new Uint8Array(head.length + content.length);
  all.set(head);
  all.set(content, head.length);
  return all;
}

/**
 * The head of the answer to an upgrade.
 *
 * @throws {TypeError} when the request isn't an upgrade.
 */
export function handshake(request: Request): Uint8Array<ArrayBuffer> {
  const { headers } = request;
  const key = headers.get("sec-websocket-key") ?? "";
  const names = (header: string): string[] => (headers.get(header) ?? "").toLowerCase().split(/\s*,\s*/);
  const isOne = request.method === "GET" && names("connection").includes("upgrade") &&
    names("upgrade").includes("websocket") && /^[+/\w]{22}==$/.test(key) &&
    headers.get("sec-websocket-version") === "13";
  if (!isOne) throw new TypeError("This isn't a WebSocket upgrade");
  const accept = createHash("sha1").update(key + HANDSHAKE_ID).digest("base64");
  const lines = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
  return encoder.encode(["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n"));
}

const UPGRADE = /\r\nupgrade:[ \t]*websocket[ \t]*\r\n/i;

function startsWithGet(bytes: Bytes): boolean {
  return bytes[0] === 0x47 && bytes[1] === 0x45 && bytes[2] === 0x54;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();
