/** Keeps a document below its size limit without measuring it at every edit. */

/** Size of a document: bytes of its Yjs state, which includes a record of deleted text. */
export const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;
/** The document is measured again after this many bytes of updates. */
const MEASURE_EVERY_BYTES = 64 * 1024;
/** And, when something was deleted, after this time at the earliest: measuring takes time. */
const MEASURE_EVERY_MS = 1_000;

/** The document has reached its size limit. */
export class FullError extends Error {
  override readonly name = "FullError";

  constructor() {
    super("The document is as large as it may be");
  }
}

/** The size of one document, estimated from the updates since it was last measured. */
export class SizeLimit {
  readonly #measure: () => number;
  #bytes = 0;
  #measured = 0;
  #measuredAt = -Infinity;
  #hasDeletions = false;

  /** `measure` finds out the true size of the document's Yjs state, in bytes. */
  constructor(measure: () => number) {
    this.#measure = measure;
  }

  /** Counts an update that was applied. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Something was deleted, so that the document may be smaller than estimated. */
  deleted(): void {
    this.#hasDeletions = true;
  }

  /**
   * Checks that this many bytes still fit.
   *
   * @throws {FullError} when they don't
   */
  require(bytes: number): void {
    if (this.#bytes + bytes <= MAX_DOCUMENT_BYTES) return;
    // Many small updates are larger than the state that they add up to.
    const now = performance.now();
    const maybeSmaller = this.#hasDeletions && now - this.#measuredAt >= MEASURE_EVERY_MS;
    if (maybeSmaller || this.#measured + MEASURE_EVERY_BYTES <= this.#bytes) {
      this.#bytes = this.#measured = this.#measure();
      this.#measuredAt = now;
      this.#hasDeletions = false;
    }
    if (this.#bytes + bytes > MAX_DOCUMENT_BYTES) throw new FullError();
  }
}
