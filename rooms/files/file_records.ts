/**
 * What KV knows of files.
 *
 * | key | value |
 * | --- | --- |
 * | `["file", id]` | {@link FileRecord}: the file is in the storage |
 * | `["file_waiting", id]` | its size; no message names the file yet, or it is still being uploaded |
 * | `["file_in", room, id]` | the id of the message that names it |
 * | `["files_gone", id of the entry or deletion]` | ids of files whose message is gone |
 * | `["file_day", day, who]` | bytes that somebody sent on a day; deleted after two days |
 * | `["files_bytes"]` | the bytes of all files and uploads (`Deno.KvU64`) |
 *
 * `file_waiting` is written before a file's first byte is stored, and deleted in the commit of the message that names the
 * file. `files_gone` is written in the commit that deletes the message; then the file is deleted from the storage, and
 * last from KV. So a process may die between any two steps: a key in KV tells what it left, and that is deleted later.
 */
import { encodeTime } from "ulid";
import { Mutex } from "../mutex.ts";

/** A file as KV keeps it. */
export interface FileRecord {
  /** A ULID: 80 of its bits are random, so that nobody can guess it. */
  readonly id: string;
  readonly room: string;
  readonly name: string;
  /** The media type, by the file's content. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** Of pictures, in pixels. */
  readonly width?: number;
  readonly height?: number;
  /** The sender's id in the room; missing for guests who can't be told from others of the same name. */
  readonly by?: string;
}

/** A file, and whether no message names it yet. */
export interface FoundFile {
  readonly file: FileRecord;
  readonly isWaiting: boolean;
}

/** A person or address that an upload counts for, and how many bytes they may send a day. */
export interface DailyQuota {
  readonly who: string;
  readonly bytes: number;
}

const FILE = "file";
const WAITING = "file_waiting";
const IN = "file_in";
const GONE = "files_gone";
const DAY = "file_day";
const TOTAL = ["files_bytes"];
const DAY_MS = 24 * 60 * 60 * 1000;
/** The most tries of a commit while other uploads of the same person finish. */
const MAX_TRIES = 30;

/** Adds to a message's commit that it names these files. */
export function addNamed(
  commit: Deno.AtomicOperation,
  { room, message, ids }: { room: string; message: string; ids: readonly string[] },
): void {
  for (const id of ids) commit.delete([WAITING, id]).set([IN, room, id], message);
}

/** Adds to a commit that these files are to go; `by` is unique. */
export function addGone(commit: Deno.AtomicOperation, by: string, ids: readonly string[]): void {
  commit.set([GONE, by], ids);
}

/** Reads and writes what KV knows of files. */
export class FileRecords {
  readonly #kv: Deno.Kv;
  /**
   * One commit at a time: a message's commit doesn't wait behind those of 50 uploads, and with 50 from one address at once,
   * commits conflicted 30 times.
   */
  readonly #commits = new Mutex();

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** The bytes of all files and uploads. */
  async total(): Promise<number> {
    return Number((await this.#kv.get<Deno.KvU64>(TOTAL)).value?.value ?? 0n);
  }

  /** The bytes that somebody has sent on the day of `now`. */
  async sentToday(who: string, now: number): Promise<number> {
    return (await this.#kv.get<number>(dayKey(who, now))).value ?? 0;
  }

  /** Notes that an upload begins. */
  async begin(id: string, size: number): Promise<void> {
    const key = [WAITING, id];
    // The check: a client of KV Connect may send a commit twice, and would count the bytes twice.
    const commit = this.#kv.atomic().check({ key, versionstamp: null }).set(key, size).sum(
      TOTAL,
      BigInt(size),
    );
    await this.#commits.run(() => commit.commit());
  }

  /**
   * Stores that a file is complete, and counts `bytes` for everybody in `who`.
   *
   * @throws {Error} when others of them finish uploads at the same time again and again.
   */
  complete(file: FileRecord, who: readonly string[], bytes: number, now: number): Promise<void> {
    return this.#commits.run(() => this.#complete(file, who, bytes, now));
  }

  /** A file; `undefined` when there is none, or it isn't uploaded yet. */
  async find(id: string): Promise<FoundFile | undefined> {
    const [file, waiting] = await this.#kv.getMany<[FileRecord, number]>([[FILE, id], [WAITING, id]]);
    return file.value ? { file: file.value, isWaiting: waiting.value !== null } : undefined;
  }

  /** Whether KV has anything under an id: a file, or an upload under way. */
  async isKnown(id: string): Promise<boolean> {
    const entries = await this.#kv.getMany([[FILE, id], [WAITING, id]]);
    return entries.some(({ value }) => value !== null);
  }

  /** Forgets a file or an upload, which has left the storage. */
  async forget(id: string): Promise<void> {
    const [file, waiting] = await this.#kv.getMany<[FileRecord, number]>([[FILE, id], [WAITING, id]]);
    const size = file.value?.size ?? waiting.value;
    if (size === null) return;
    const commit = this.#kv.atomic().check(file, waiting).delete(file.key).delete(waiting.key);
    if (file.value) commit.delete([IN, file.value.room, id]);
    // A sum wraps at 2^64, so that this is a subtraction.
    await commit.sum(TOTAL, BigInt.asUintN(64, -BigInt(size))).commit();
  }

  /** The ids of files and uploads that began before a time, in ms since the epoch, and that no message names. */
  async waitingSince(time: number, limit: number): Promise<string[]> {
    const range = { prefix: [WAITING], end: [WAITING, encodeTime(Math.max(0, time))] };
    return await Array.fromAsync(this.#kv.list(range, { limit }), ({ key }) => String(key[1]));
  }

  /** Files whose messages are gone, by the key of the note about them. */
  async gone(limit: number): Promise<{ key: Deno.KvKey; ids: readonly string[] }[]> {
    const notes = this.#kv.list<readonly string[]>({ prefix: [GONE] }, { limit });
    return await Array.fromAsync(notes, ({ key, value }) => ({ key, ids: value }));
  }

  /** Removes an entry of {@link gone} once its files are deleted. */
  async settle(key: Deno.KvKey): Promise<void> {
    await this.#kv.delete(key);
  }

  /** The files of a room that messages name, newest first, before the file `before`. */
  async page(
    room: string,
    { before, limit }: { before: string | undefined; limit: number },
  ): Promise<{ file: FileRecord; message: string }[]> {
    const prefix = [IN, room];
    const range = before === undefined ? { prefix } : { prefix, end: [...prefix, before] };
    const found: { file: FileRecord; message: string }[] = [];
    for await (const { key, value } of this.#kv.list<string>(range, { reverse: true, limit })) {
      const { value: file } = await this.#kv.get<FileRecord>([FILE, String(key[2])]);
      if (file) found.push({ file, message: value });
    }
    return found;
  }

  /** All files. */
  async *all(): AsyncGenerator<FileRecord> {
    for await (const { value } of this.#kv.list<FileRecord>({ prefix: [FILE] })) yield value;
  }

  async #complete(file: FileRecord, who: readonly string[], bytes: number, now: number): Promise<void> {
    const waiting = await this.#kv.get<number>([WAITING, file.id]);
    // It may be a little smaller than it was said to be at most.
    const less = BigInt((waiting.value ?? 0) - file.size);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const commit = this.#kv.atomic().check(waiting).set(waiting.key, file.size).set([FILE, file.id], file);
      if (less) commit.sum(TOTAL, BigInt.asUintN(64, -less));
      for (const one of who) {
        const entry = await this.#kv.get<number>(dayKey(one, now));
        commit.check(entry).set(entry.key, (entry.value ?? 0) + bytes, { expireIn: 2 * DAY_MS });
      }
      if ((await commit.commit()).ok) return;
    }
    throw new Error(`Noting file ${file.id} failed: others noted theirs ${MAX_TRIES} times meanwhile`);
  }
}

function dayKey(who: string, now: number): Deno.KvKey {
  return [DAY, new Date(now).toISOString().slice(0, 10), who];
}
