/** A file that several processes write to: its lock, and whether somebody else has written. */
import { dirname } from "node:path";
import { SheetError } from "./sheet.ts";

const LOCK_TIMEOUT_MS = 10_000;

/**
 * Opens a file for reading and appending, made with its directory when it is missing, and waits for its lock. Closing the
 * file releases the lock.
 *
 * @throws {SheetError} `busy` after 10 s: a process that was stopped in the middle of a write keeps the lock.
 * @throws {Error} the reason of `signal` when it aborts, and errors of the file system.
 */
export async function openLocked(
  { path, name }: { path: string; name: string },
  signal: AbortSignal,
): Promise<Deno.FsFile> {
  signal.throwIfAborted();
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { read: true, append: true, create: true });
  const failed = Promise.withResolvers<never>();
  const giveUp = (): void => failed.reject(signal.reason);
  const timer = setTimeout(() => {
    failed.reject(
      new SheetError("busy", `${name} is locked by another process.`, {
        code: "file_locked",
        values: { file: path },
      }),
    );
  }, LOCK_TIMEOUT_MS);
  try {
    signal.addEventListener("abort", giveUp);
    await Promise.race([file.lock(true), failed.promise]);
    return file;
  } catch (error) {
    file.close();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** What changes when somebody else writes to a file, or replaces it. */
export interface FileVersion {
  readonly inode: number | null;
  readonly bytes: number;
  /** In ms since the epoch. */
  readonly changedAt: number | undefined;
}

/** The present version of an open file. */
export async function versionOf(file: Deno.FsFile): Promise<FileVersion> {
  const { ino: inode, size: bytes, mtime } = await file.stat();
  return { inode, bytes, changedAt: mtime?.getTime() };
}

/** Whether nobody has written between two versions, as far as the file system shows. */
export function isSameVersion(a: FileVersion | undefined, b: FileVersion): boolean {
  return a?.inode === b.inode && a.bytes === b.bytes && a.changedAt === b.changedAt;
}
