/** The bytes of one upload on their way to the storage: looked at once, counted, and never held whole in memory. */
import { FileRefusal } from "./file_refusal.ts";

/** What types and sizes of pictures are told from. Photographs have up to some 100 KiB before their size. */
const HEAD_BYTES = 96 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that come in pieces. */
export class Upload {
  /** How many have been read so far. */
  received = 0;
  readonly #iterator: AsyncIterator<Bytes>;
  /** Whether {@link chunks} are as many bytes as was said. */
  readonly isExact: boolean;
  readonly #size: number;
  #head: Bytes[] = [];
  #isGivenUp = false;
  /** Ends the read that is under way. */
  #giveUp: () => void = () => {};

  /** `size` is how many bytes are to come; unless it is exact, at most. */
  constructor(body: AsyncIterable<Bytes>, { size, isExact }: { size: number; isExact: boolean }) {
    this.#iterator = body[Symbol.asyncIterator]();
    this.#size = size;
    this.isExact = isExact;
  }

  /**
   * The first {@link HEAD_BYTES}, or all if there are fewer.
   *
   * @throws {FileRefusal} when the body breaks off.
   */
  async head(): Promise<Bytes> {
    while (this.received < HEAD_BYTES) {
      const chunk = await this.#next();
      if (!chunk) break;
      this.#head.push(chunk);
    }
    const head = new Uint8Array(this.received);
    let at = 0;
    for (const chunk of this.#head) {
      head.set(chunk, at);
      at += chunk.length;
    }
    this.#head = [head];
    return head;
  }

  /**
   * All bytes, those of the head too.
   *
   * @throws {FileRefusal} when the body breaks off, or isn't as long as was said.
   */
  async *chunks(): AsyncGenerator<Bytes> {
    yield* this.#head.splice(0);
    for (let chunk = await this.#next(); chunk; chunk = await this.#next()) yield chunk;
    if (this.isExact && this.received !== this.#size) throw incomplete();
  }

  /** Waits no longer for what hasn't come; reading fails from now on. */
  end(): void {
    this.#isGivenUp = true;
    this.#giveUp();
    // Deno 2.5 throws at once when the connection has ended before.
    Promise.try(() => this.#iterator.return?.()).catch(() => {});
  }

  async #next(): Promise<Bytes | undefined> {
    let next: IteratorResult<Bytes>;
    try {
      next = await this.#read();
    } catch (cause) {
      if (cause instanceof FileRefusal) throw cause;
      // The client has gone away: no error of the service.
      throw incomplete(cause);
    }
    if (next.done) return undefined;
    this.received += next.value.length;
    if (this.received > this.#size) throw incomplete();
    return next.value;
  }

  /** No `Promise.race` with one promise for all reads: it would keep every piece, until the upload ends. */
  #read(): Promise<IteratorResult<Bytes>> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(incomplete());
      if (this.#isGivenUp) return this.#giveUp();
      this.#iterator.next().then(resolve, reject);
    });
  }
}

function incomplete(cause?: unknown): FileRefusal {
  return new FileRefusal("incomplete_body", "The file didn't come as long as was said: send it again", {
    cause,
  });
}
