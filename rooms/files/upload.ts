/** The bytes of one upload on their way to the storage: read once, counted, and never all in memory. */
import { FileRefusal } from "./file_refusal.ts";
import { MAX_PADDING } from "./file_storage.ts";

/** The part of a file in which its type and the size of a picture are searched: photographs have up to about 100 KiB before it. */
const HEAD_BYTES = 96 * 1024;

/** How long the bytes of an upload may be waited for in all, in ms, besides the time for those that came. */
export const GRACE_MS = 30_000;
/** A line of 32 kbit/s: slower ones would hold a place for longer than the hour that an upload has. */
export const LEAST_BYTES_PER_SECOND = 4_000;

const CHECKED_EVERY_MS = 1_000;

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that come in pieces. */
export class Upload {
  /** The number of bytes read so far. */
  received = 0;
  readonly #iterator: AsyncIterator<Bytes>;
  readonly #isExact: boolean;
  readonly #size: number;
  #head: Bytes[] = [];
  #isGivenUp = false;
  /** Ends the read that is under way. */
  #giveUp: (why: FileRefusal) => void = () => {};
  readonly #elapsed: () => number;
  /** How many ms were spent waiting for bytes; what the storage takes doesn't count. */
  #waitedMs = 0;
  /** When the read under way began. */
  #readAt: number | undefined;
  /** One timer for all reads: with one for each, 50 uploads took 20 MiB more. */
  readonly #watching: ReturnType<typeof setInterval>;

  /** To be ended by {@link end}. `size` is the number of bytes to come; unless `isExact`, they may be {@link MAX_PADDING} fewer. A chunk may be reused once the next is asked for. */
  constructor(
    body: AsyncIterable<Bytes>,
    { size, isExact, elapsed = () => performance.now() }: {
      size: number;
      isExact: boolean;
      /** In ms. */
      elapsed?: () => number;
    },
  ) {
    this.#elapsed = elapsed;
    this.#watching = setInterval(() => this.#checkSpeed(), CHECKED_EVERY_MS);
    this.#iterator = body[Symbol.asyncIterator]();
    this.#size = size;
    this.#isExact = isExact;
  }

  /**
   * The first {@link HEAD_BYTES}, or all if there are fewer.
   *
   * @throws {FileRefusal} when the body breaks off.
   */
  async head(): Promise<Bytes> {
    const chunks: Bytes[] = [];
    while (this.received < HEAD_BYTES) {
      const chunk = await this.#next();
      if (!chunk) break;
      chunks.push(chunk.slice());
    }
    const head = new Uint8Array(await new Blob(chunks).arrayBuffer());
    this.#head = [head];
    return head;
  }

  /**
   * All bytes, including those of the head. A chunk is valid until the next one is asked for.
   *
   * @throws {FileRefusal} when the body breaks off, or isn't as long as was said.
   */
  async *chunks(): AsyncGenerator<Bytes> {
    yield* this.#head.splice(0);
    for (let chunk = await this.#next(); chunk; chunk = await this.#next()) yield chunk;
    const least = this.#isExact ? this.#size : this.#size - MAX_PADDING;
    if (this.received < least) throw incomplete();
  }

  /** Stops waiting for bytes; reading fails from now on. */
  end(): void {
    this.#isGivenUp = true;
    clearInterval(this.#watching);
    this.#giveUp(incomplete());
    // Deno 2.5 throws at once when the connection has ended before.
    Promise.try(() => this.#iterator.return?.()).catch(() => {});
  }

  async #next(): Promise<Bytes | undefined> {
    let next: IteratorResult<Bytes>;
    const began = this.#readAt = this.#elapsed();
    try {
      next = await this.#read();
      this.#waitedMs += this.#elapsed() - began;
    } catch (cause) {
      if (cause instanceof FileRefusal) throw cause;
      // The client has gone away: no error of the service.
      throw incomplete(cause);
    } finally {
      this.#readAt = undefined;
    }
    if (next.done) return undefined;
    this.received += next.value.length;
    if (this.received > this.#size) throw incomplete();
    return next.value;
  }

  #checkSpeed(): void {
    if (this.#readAt === undefined) return;
    const waitedMs = this.#waitedMs + this.#elapsed() - this.#readAt;
    if (waitedMs > GRACE_MS + this.received / LEAST_BYTES_PER_SECOND * 1_000) this.#giveUp(tooSlow());
  }

  /** No `Promise.race` with one promise for all reads: it would keep every piece, until the upload ends. */
  #read(): Promise<IteratorResult<Bytes>> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      if (this.#isGivenUp) return reject(incomplete());
      this.#iterator.next().then(resolve, reject);
    });
  }
}

function tooSlow(): FileRefusal {
  return new FileRefusal("incomplete_body", "The file came too slowly: send it again");
}

function incomplete(cause?: unknown): FileRefusal {
  return new FileRefusal("incomplete_body", "The file didn't come as long as was said: send it again", {
    cause,
  });
}
