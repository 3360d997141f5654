/** The file in the body of a request: the whole body, or the last field of a form. */
import { Buffer } from "node:buffer";
import { HttpError } from "../../errors.ts";
import { FileRefusal } from "../../../rooms/files/file_refusal.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file on its way. */
export interface FileBody {
  /** As the client named it. */
  readonly name: string;
  /** In bytes; unless `isExact`, it may turn out smaller by a line break. */
  readonly size: number;
  readonly isExact: boolean;
  /** A chunk is valid until the next one is asked for. */
  readonly chunks: AsyncIterable<Bytes>;
}

/** The most bytes of a form before its file. */
const MAX_PREAMBLE = 16 * 1024;
const READ_BYTES = 64 * 1024;
const CRLF2 = "\r\n\r\n";

/**
 * The file of a request. In a form (RFC 7578) it is the field `file`, which has to be the last one, because the file is
 * streamed and its size has to be known beforehand.
 *
 * @throws {HttpError} when there is none, or its size can't be known.
 */
export async function fileBody(request: Request, name: string | undefined): Promise<FileBody> {
  const length = request.headers.get("content-length");
  if (length === null || !/^\d{1,15}$/.test(length)) {
    throw new HttpError(411, "length_required", "Say how long the file is: content-length");
  }
  const chunks = chunksOf(request.body, Number(length));
  const boundary = boundaryIn(request.headers.get("content-type") ?? "");
  if (boundary !== undefined) return await fileOfForm(chunks, boundary, Number(length));
  if (!name) throw new HttpError(400, "invalid_request", 'Say what the file is called: "?name="');
  return { name, size: Number(length), isExact: true, chunks };
}

/**
 * The `length` bytes of a body. All chunks share one buffer: a new one for each made the process grow by 90 MiB while 50 files of
 * 10 MB came. A short body, which Deno may have whole already, isn't a stream of bytes that could be read so.
 */
async function* chunksOf(body: ReadableStream<Bytes> | null, length: number): AsyncGenerator<Bytes> {
  if (!body) return;
  if (length <= READ_BYTES) return yield* body;
  const reader = body.getReader({ mode: "byob" });
  try {
    let buffer: Bytes = new Uint8Array(READ_BYTES);
    // Deno closes a body with its last byte, and may fail to read what comes behind it.
    for (let received = 0; received < length;) {
      const { done, value } = await reader.read(buffer);
      if (done) return;
      received += value.length;
      yield value;
      buffer = new Uint8Array(value.buffer);
    }
  } finally {
    await reader.cancel();
  }
}

function boundaryIn(type: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(type)) return undefined;
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw new HttpError(400, "invalid_request", "The form has no boundary");
  return boundary;
}

async function fileOfForm(body: AsyncIterable<Bytes>, boundary: string, length: number): Promise<FileBody> {
  const iterator = body[Symbol.asyncIterator]();
  let head: Bytes = new Uint8Array();
  for (;;) {
    const preamble = latin1(head);
    const part = partOfFile(preamble, boundary);
    if (part) {
      const { name, begin } = part;
      const end = `\r\n--${boundary}`;
      const most = Math.max(0, length - begin - end.length - "--".length);
      return { name, size: most, isExact: false, chunks: upToEnd(head.subarray(begin), iterator, end) };
    }
    const { done, value } = await iterator.next().catch((cause) => {
      throw new FileRefusal("incomplete_body", "The form ended before its file", { cause });
    });
    if (done || head.length > MAX_PREAMBLE) {
      throw new HttpError(400, "invalid_request", 'The form must have one file, in the field "file"');
    }
    head = joined(head, value);
  }
}

/** The file's name, and where its bytes begin, in the first bytes of a form; `undefined` while they don't have both. */
function partOfFile(preamble: string, boundary: string): { name: string; begin: number } | undefined {
  const delimiter = `--${boundary}\r\n`;
  for (let at = preamble.indexOf(delimiter); at >= 0; at = preamble.indexOf(delimiter, at + 1)) {
    const end = preamble.indexOf(CRLF2, at);
    if (end < 0) return undefined;
    const head = preamble.slice(at, end);
    const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(head)?.[1] ?? "";
    if (!/(^|[;\s])name="?file"?(;|\s|$)/i.test(disposition)) continue;
    const [, extended] = /filename\*=utf-8''([^;\s]+)/i.exec(disposition) ?? [];
    const [, plain = ""] = /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition) ?? [];
    const name = extended === undefined ? utf8(plain).replace(/%22/g, '"') : decoded(extended);
    return { name, begin: end + CRLF2.length };
  }
}

/**
 * The bytes of the file up to the `end` of its field; with that the form has to end. All chunks share one buffer here, too:
 * with a new one for each, 50 forms of 10 MB on their way to a bucket took 137 MiB.
 */
async function* upToEnd(first: Bytes, iterator: AsyncIterator<Bytes>, end: string): AsyncGenerator<Bytes> {
  let held = first;
  let buffer: Bytes = new Uint8Array(READ_BYTES + 2 * end.length);
  try {
    for (;;) {
      const at = Buffer.from(held.buffer, held.byteOffset, held.length).indexOf(end, 0, "latin1");
      // What may be the beginning of the end is held back.
      const ready = at < 0 ? held.length - end.length + 1 : at;
      if (ready > 0) yield held.subarray(0, ready);
      held = held.subarray(Math.max(0, ready));
      if (at >= 0 && held.length >= end.length + 2) break;
      const { done, value } = await iterator.next();
      if (done) break;
      const length = held.length + value.length;
      if (length > buffer.length) buffer = new Uint8Array(length);
      buffer.set(held);
      buffer.set(value, held.length);
      held = buffer.subarray(0, length);
    }
  } finally {
    await iterator.return?.();
  }
  if (latin1(held.subarray(0, end.length + 2)) === `${end}--`) return;
  throw new FileRefusal("incomplete_body", 'The form must end behind its field "file"');
}

function joined(a: Bytes, b: Bytes): Bytes {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function latin1(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** Browsers write names as UTF-8 into what was read byte by byte here. */
function utf8(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
