/** The files of all rooms: takes them in, finds them, and removes those that no message names any more. */
import { ulid } from "ulid";
import type { Part } from "../lifecycle.ts";
import type { MessageFile } from "../protocol.ts";
import type { FileLinks } from "./file_links.ts";
import { cleanFileName } from "./file_name.ts";
import { type DailyQuota, type FileRecord, FileRecords, type FoundFile } from "./file_records.ts";
import { FileRefusal } from "./file_refusal.ts";
import { FileRemoval, UNNAMED_LIFE_MS } from "./file_removal.ts";
import { type ByteRange, type FileStorage, MAX_PADDING, StorageFullError } from "./file_storage.ts";
import { fileTypeOf } from "./file_type.ts";
import { type ImageSize, imageSize } from "./image_size.ts";
import { Upload } from "./upload.ts";

/** What {@link Files} go by. */
export interface FilesParts {
  readonly kv: Deno.Kv;
  readonly storage: FileStorage;
  readonly links: FileLinks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The largest size of a file, in bytes. */
  readonly maxFileBytes: number;
  /** What one person may send a day, in bytes. */
  readonly filesPerDayBytes: number;
  /** The largest size of all files together, in bytes. */
  readonly filesTotalBytes: number;
  /** Groups of types, and single types, that may be sent. */
  readonly fileTypes: readonly string[];
  /** What the addresses of files begin with: an origin and a path, a path, or `""`. */
  readonly filesUrl: string;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** A file that somebody sends. */
export interface Sent {
  readonly room: string;
  /** As the sender named it. */
  readonly name: string;
  /** In bytes; unless `isExact`, it may turn out up to `MAX_PADDING` smaller. */
  readonly size: number;
  readonly isExact: boolean;
  /** The sender's id in the room; `undefined` for guests who can't be told from others of the same name. */
  readonly by: string | undefined;
  /** The limits that it counts for: the person's, and for guests also the address's, because a guest can have any number of ids. */
  readonly quotas: readonly Quota[];
}

/** Somebody who shares the daily limit of `people`. */
export interface Quota {
  readonly who: string;
  readonly people: number;
}

/** How storage and KV differ. */
export interface FilesReport {
  /** Files that both have. */
  readonly files: number;
  readonly bytes: number;
  /** Files that are in the storage alone. */
  readonly stray: readonly { id: string; bytes: number }[];
  /** Files that are in KV alone. */
  readonly lost: readonly FileRecord[];
  /** Files that both have, of another size in the storage. */
  readonly damaged: readonly FileRecord[];
}

const HOUR_MS = 60 * 60 * 1000;
/** For this time after the upload a message may name a file: an hour less than it lives, so that its commit never races with the deletion. */
export const NAMED_WITHIN_MS = UNNAMED_LIFE_MS - HOUR_MS;
/** An upload that takes longer is given up. */
const UPLOAD_WITHIN_MS = HOUR_MS;
/** The least that a file counts: ten thousand small files are a burden, too. */
const LEAST_BYTES = 64 * 1024;
/** The most uploads of one person at once. */
const MAX_AT_ONCE = 8;
/** The most pixels of a picture: a small file can hold a picture that takes gigabytes to show. */
const MAX_PIXELS = 100_000_000;

/** Takes, finds and removes files. */
export class Files implements Part<unknown> {
  readonly name = "files";
  readonly #parts: FilesParts;
  readonly #records: FileRecords;
  readonly #removal: FileRemoval;
  /** The number of uploads under way of each person. */
  readonly #uploads = new Map<string, number>();

  constructor(parts: FilesParts) {
    this.#parts = parts;
    this.#records = new FileRecords(parts.kv);
    this.#removal = new FileRemoval({ ...parts, records: this.#records });
  }

  /**
   * Stores a file, which a message may name from now on. A chunk of `body` is valid until the next one is asked for.
   *
   * @throws {FileRefusal} when it can't be taken.
   */
  async take(sent: Sent, body: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<FileRecord> {
    const quotas = sent.quotas.map(({ who, people }) => ({
      who,
      bytes: people * this.#parts.filesPerDayBytes,
    }));
    this.#enter(sent.quotas);
    const upload = new Upload(body, { size: sent.size, isExact: sent.isExact });
    const timer = setTimeout(() => upload.end(), UPLOAD_WITHIN_MS);
    try {
      await this.#checkRoom(sent.size, quotas);
      const head = await upload.head();
      if (!head.length) throw new FileRefusal("empty", "The file is empty");
      const id = ulid(this.#parts.now());
      const file = this.#fileOf(id, sent, head);
      return await this.#store(file, upload, quotas);
    } finally {
      clearTimeout(timer);
      this.#leave(sent.quotas);
      upload.end();
    }
  }

  /** A file; `undefined` when there is none. */
  find(id: string): Promise<FoundFile | undefined> {
    return this.#records.find(id);
  }

  /** The bytes of a range within a file. */
  read(id: string, range: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    return this.#parts.storage.read(id, range);
  }

  /** The files of a room that messages name, newest first, each with the id of its message. */
  page(
    room: string,
    of: { before: string | undefined; limit: number },
  ): Promise<{ file: FileRecord; message: string }[]> {
    return this.#records.page(room, of);
  }

  /** A file as messages show it. */
  shown({ id, name, type, size, width, height }: FileRecord, alt?: string): MessageFile {
    const url = `${this.#parts.filesUrl}/files/${id}/${encodeURIComponent(name)}`;
    return { id, name, type, size, width, height, alt: alt || undefined, url };
  }

  /** Compares storage and KV. */
  async check(): Promise<FilesReport> {
    const known = new Map<string, FileRecord>();
    for await (const file of this.#records.all()) known.set(file.id, file);
    const stray: { id: string; bytes: number }[] = [];
    const damaged: FileRecord[] = [];
    let [files, total] = [0, 0];
    for await (const { id, bytes } of this.#parts.storage.list()) {
      const file = known.get(id);
      known.delete(id);
      if (file && (bytes < file.size || bytes > file.size + MAX_PADDING)) damaged.push(file);
      if (file || await this.#records.isKnown(id)) [files, total] = [files + 1, total + bytes];
      else stray.push({ id, bytes });
    }
    const lost: FileRecord[] = [];
    // What is left may have been removed meanwhile.
    for (const file of known.values()) if (await this.#records.find(file.id)) lost.push(file);
    return { files, bytes: total, stray, lost, damaged };
  }

  /** Removes what is due from time to time. */
  tick(): Promise<void> {
    return this.#removal.tick();
  }

  /** Removes what is due by now. */
  sweep(): Promise<void> {
    return this.#removal.sweep();
  }

  /** Resolves when nothing is being removed. */
  close(): Promise<void> {
    return this.#removal.close();
  }

  /** @throws {FileRefusal} when the file is too large, or nothing more can be taken. */
  async #checkRoom(size: number, quotas: readonly DailyQuota[]): Promise<void> {
    const { maxFileBytes, filesTotalBytes, now } = this.#parts;
    if (size > maxFileBytes) {
      throw new FileRefusal("too_large", `A file has at most ${megabytes(maxFileBytes)}`);
    }
    for (const { who, bytes } of quotas) {
      if (await this.#records.sentToday(who, now()) + counted(size) > bytes) {
        throw new FileRefusal("rate_limited", "That is all that you can send today: go on tomorrow", {
          retryAfterMs: UNNAMED_LIFE_MS - now() % UNNAMED_LIFE_MS,
        });
      }
    }
    if (await this.#records.total() + size > filesTotalBytes) throw storageFull();
  }

  /** @throws {FileRefusal} for a file of a kind that can't be sent. */
  #fileOf(id: string, { room, name, size, by }: Sent, head: Uint8Array): FileRecord {
    const type = fileTypeOf(head, name);
    const { fileTypes } = this.#parts;
    if (!type || !(fileTypes.includes(type.group) || fileTypes.includes(type.mime))) {
      throw new FileRefusal("type_refused", "Files of this kind can't be sent here");
    }
    const pixels: ImageSize | undefined = imageSize(head, type.mime);
    if (pixels && pixels.width * pixels.height > MAX_PIXELS) {
      throw new FileRefusal("type_refused", `A picture has at most ${MAX_PIXELS / 1e6} million pixels`);
    }
    return { id, room, name: cleanFileName(name, type.extensions), type: type.mime, size, ...pixels, by };
  }

  async #store(file: FileRecord, upload: Upload, quotas: readonly DailyQuota[]): Promise<FileRecord> {
    const { storage, now, failed } = this.#parts;
    const { id, size } = file;
    await this.#records.begin(id, size);
    try {
      await storage.write(id, upload.chunks(), size);
      const stored = { ...file, size: upload.received };
      await this.#records.complete(stored, quotas.map(({ who }) => who), counted(stored.size), now());
      return stored;
    } catch (error) {
      await storage.remove(id);
      await this.#records.forget(id);
      if (!(error instanceof StorageFullError)) throw error;
      failed("files_storage_full", error);
      throw storageFull(error);
    }
  }

  /** @throws {FileRefusal} when somebody sends too many files at once. */
  #enter(quotas: readonly Quota[]): void {
    if (quotas.some(({ who, people }) => (this.#uploads.get(who) ?? 0) >= MAX_AT_ONCE * people)) {
      throw new FileRefusal("rate_limited", "Too many files at once: wait until some have arrived", {
        retryAfterMs: 1_000,
      });
    }
    for (const { who } of quotas) this.#uploads.set(who, (this.#uploads.get(who) ?? 0) + 1);
  }

  #leave(quotas: readonly Quota[]): void {
    for (const { who } of quotas) {
      const left = (this.#uploads.get(who) ?? 1) - 1;
      if (left) this.#uploads.set(who, left);
      else this.#uploads.delete(who);
    }
  }
}

function counted(size: number): number {
  return Math.max(size, LEAST_BYTES);
}

function storageFull(cause?: unknown): FileRefusal {
  return new FileRefusal("storage_full", "There is no room for files at present", { cause });
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e5) / 10} MB`;
}
