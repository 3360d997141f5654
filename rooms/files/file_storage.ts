/** The port to which the bytes of files go: a folder and S3-compatible object storage implement it. */

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The most bytes behind a file in the storage. S3 has to know a size before the first byte, and whether a form ends with a
 * line break of two bytes is known only after the file.
 */
export const MAX_PADDING = 2;

/** A file in the storage. */
export interface StoredBytes {
  readonly id: string;
  /** Its size, with up to {@link MAX_PADDING} bytes behind it. */
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
   * Stores a file of `size` bytes, or up to {@link MAX_PADDING} fewer, and resolves once it is durable. After a failure, or the end of the
   * process, the file isn't there; what may be left of it goes with {@link remove}. A chunk is valid until the next one is
   * asked for.
   *
   * @throws {StorageFullError} when there is no room left; otherwise what `chunks` throws.
   */
  write(id: string, chunks: AsyncIterable<Uint8Array<ArrayBuffer>>, size: number): Promise<void>;

  /** The bytes of a range within a file, such as all of it; `undefined` when there is no such file. */
  read(id: string, range: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined>;

  /** Removes a file and what unfinished writes left of it. A file that isn't there is no error. */
  remove(id: string): Promise<void>;

  /** All files that are there whole, in no order. */
  list(): AsyncIterable<StoredBytes>;
}

/** The storage has no room left. */
export class StorageFullError extends Error {
  override readonly name = "StorageFullError";
}
