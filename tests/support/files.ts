/** Files to send, made in the tests, and ways to send them. */
import type { Visitor } from "./visitor.ts";

const encoder = new TextEncoder();

/** Bytes of a text in which each character is one byte. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The head of a PNG of this size, filled up to `length` bytes: enough for whoever looks at heads only. */
export function png(width = 40, height = 30, length = 100): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(length);
  file.set(bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
  const view = new DataView(file.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return file;
}

/** An archive with these entries, stored without compression; only its local headers. */
export function zip(entries: Record<string, string>): Uint8Array<ArrayBuffer> {
  const parts = Object.entries(entries).map(([name, content]) => {
    const head = new Uint8Array(30);
    head.set(bytes("PK\x03\x04"));
    const view = new DataView(head.buffer);
    view.setUint32(18, content.length, true);
    view.setUint32(22, content.length, true);
    view.setUint16(26, name.length, true);
    return String.fromCharCode(...head) + name + content;
  });
  return bytes(parts.join(""));
}

/** What an upload was answered with. */
export interface Uploaded {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- what comes over the wire is what the tests look at
  readonly body: any;
}

/** Sends a file as pages do. */
export async function upload(
  { url }: { url: string },
  room: string,
  file: Uint8Array<ArrayBuffer> | string,
  { name = "picture.png", as, headers = {}, query = "" }: {
    name?: string;
    as?: Visitor;
    headers?: Record<string, string>;
    query?: string;
  } = {},
): Promise<Uploaded> {
  const path = `${url}/api/rooms/${encodeURIComponent(room)}/files?name=${encodeURIComponent(name)}${query}`;
  const response = await fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/octet-stream",
      ...(as?.cookies.size ? { cookie: as.cookie } : {}),
      ...headers,
    },
    body: typeof file === "string" ? encoder.encode(file) : file,
  });
  return { status: response.status, body: await response.json() };
}
