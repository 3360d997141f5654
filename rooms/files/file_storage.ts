/** The port to which the bytes of files go: a folder and S3-compatible object storage implement it. */

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file in the storage. */
export interface StoredBytes {
  readonly id: string;
  /** Its size. */
  readonly bytes: number;
}

/**
 * Durable storage of files by their ids, which are ULIDs. A file is there whole or not at all, and never changes.
 *
 * Every method throws what the storage throws; no method retries.
 */
export interface FileStorage {
  /** The name in messages for operators: `folder data/files`, `bucket talksheet`. */
  readonly name: string;

  /**
   * Stores a file of `size` bytes (`undefined`: not known beforehand), and resolves once it is durable. After a failure, or the end of the process, the file
   * isn't there; what may be left of it goes with {@link remove}. A chunk is valid until the next one is asked for.
   *
   * @throws {StorageFullError} when there is no room left; otherwise what `chunks` throws.
   */
  write(id: string, chunks: AsyncIterable<Uint8Array<ArrayBuffer>>, size: number | undefined): Promise<void>;

  /** The bytes of a file, or of a range within it; `undefined` when there is no such file. */
  read(id: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined>;

  /** Removes a file and what unfinished writes left of it. A file that isn't there is no error. */
  remove(id: string): Promise<void>;

  /** All files that are there whole, in no order. */
  list(): AsyncIterable<StoredBytes>;
}

/** The storage has no room left. */
export class StorageFullError extends Error {
  override readonly name = "StorageFullError";
}
