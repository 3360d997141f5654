/**
 * Files in S3-compatible object storage, for several machines and for Deno Deploy: one object for each, `files/<id>`. An
 * object is there whole or not at all.
 *
 * `aws4fetch` signs requests in 2 KB; Amazon's own client is a hundred times as large. Uploads use `node:http`, because
 * `fetch` sends a stream without `content-length`, which S3 requires.
 */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { AwsClient } from "aws4fetch";
import { type ByteRange, type FileStorage, MAX_PADDING, type StoredBytes } from "./file_storage.ts";

/** Where the bucket is, and who may use it. */
export interface S3Options {
  /** An origin, or a URL below which buckets are. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  /** Secret. */
  readonly secretAccessKey: string;
}

const PREFIX = "files/";
/** For an answer, or for taking one chunk of an upload, which may take longer in all. */
const ANSWER_WITHIN_MS = 30_000;

type Bytes = Uint8Array<ArrayBuffer>;

/** Stores files in a bucket, which has to exist. */
export class S3Storage implements FileStorage {
  readonly name: string;
  readonly #client: AwsClient;
  readonly #base: string;
  readonly #answerWithinMs: number;

  /** `answerWithinMs`: how long S3 may take to answer, or to take the next chunk. */
  constructor(
    { endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Options,
    answerWithinMs = ANSWER_WITHIN_MS,
  ) {
    this.#answerWithinMs = answerWithinMs;
    this.name = `bucket ${bucket}`;
    this.#base = `${endpoint.replace(/\/+$/, "")}/${bucket}`;
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
  }

  write(id: string, chunks: AsyncIterable<Bytes>, size: number): Promise<void> {
    return this.#put(id, padded(chunks, size), size);
  }

  async read(id: string, range: ByteRange): Promise<ReadableStream<Bytes> | undefined> {
    const response = await this.#ask("GET", this.#urlOf(id), {
      range: `bytes=${range.start}-${range.end - 1}`,
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    return (await checked(response, "Reading a file")).body ?? undefined;
  }

  async remove(id: string): Promise<void> {
    const response = await this.#ask("DELETE", this.#urlOf(id));
    if (response.status !== 404) await checked(response, "Removing a file");
    await response.body?.cancel();
  }

  async *list(): AsyncGenerator<StoredBytes> {
    for (let token: string | undefined = ""; token !== undefined;) {
      const query = new URLSearchParams({ "list-type": "2", prefix: PREFIX });
      if (token) query.set("continuation-token", token);
      const response = await checked(await this.#ask("GET", `${this.#base}?${query}`), "Listing files");
      const xml = await response.text();
      for (const [, contents] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const [, id] = /<Key>files\/([0-9A-Z]{26})<\/Key>/.exec(contents) ?? [];
        const [, bytes] = /<Size>(\d+)<\/Size>/.exec(contents) ?? [];
        if (id) yield { id, bytes: Number(bytes) };
      }
      [, token] = /<NextContinuationToken>([^<]+)<\/NextContinuationToken>/.exec(xml) ?? [];
    }
  }

  async #put(id: string, chunks: AsyncIterable<Bytes>, size: number): Promise<void> {
    const { url, headers } = await this.#client.sign(this.#urlOf(id), { method: "PUT" });
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = send(url, {
      method: "PUT",
      headers: { ...Object.fromEntries(headers), "content-length": String(size) },
      // A request on a connection that has just ended would fail for no reason.
      agent: false,
    });
    const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
      request.on("error", reject);
      request.on("response", (answer) => {
        const texts: string[] = [];
        answer.on("data", (text) => texts.push(String(text)));
        answer.on("error", reject);
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: texts.join("") }));
      });
    });
    // Only what S3 has to do is timed: a slow sender is no fault of S3.
    const inTime = <T>(waiting: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error("S3 doesn't answer"));
          request.destroy();
        }, this.#answerWithinMs);
        waiting.then(resolve, reject).finally(() => clearTimeout(timer));
      });
    const isAnswered = answered.then(() => true);
    isAnswered.catch(() => {});
    try {
      for await (const chunk of chunks) {
        // One at a time: what isn't sent yet isn't read from the sender.
        const written = new Promise<false>((resolve, reject) => {
          request.write(chunk, (error) => error ? reject(error) : resolve(false));
        });
        // An answer before the end is a refusal.
        if (await inTime(Promise.race([written, isAnswered]))) break;
      }
      request.end();
      const { status, text } = await inTime(answered);
      if (status !== 200) throw refused("Storing a file", status, text);
    } catch (error) {
      request.destroy();
      throw error;
    }
  }

  async #ask(method: string, url: string, headers: Record<string, string> = {}): Promise<Response> {
    const request = await this.#client.sign(url, { method, headers });
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(new Error("S3 doesn't answer")), this.#answerWithinMs);
    return await fetch(request, { signal: waiting.signal }).finally(() => clearTimeout(timer));
  }

  #urlOf(id: string): string {
    return `${this.#base}/${PREFIX}${id}`;
  }
}

/** The chunks, and zeros up to `size` bytes. */
async function* padded(chunks: AsyncIterable<Bytes>, size: number): AsyncGenerator<Bytes> {
  let left = size;
  for await (const chunk of chunks) {
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0) yield new Uint8Array(Math.min(left, MAX_PADDING));
}

/** @throws {Error} unless the request was carried out. */
async function checked(response: Response, what: string): Promise<Response> {
  if (response.ok) return response;
  throw refused(what, response.status, await response.text());
}

/** S3's code says what is wrong, such as `NoSuchBucket`; the rest of its answer may have secrets. */
function refused(what: string, status: number, xml: string): Error {
  const [, code = ""] = /<Code>(\w+)<\/Code>/.exec(xml) ?? [];
  return new Error(`${what} failed: S3 answered ${status} ${code}`.trim());
}
