/** Errors of the file system, in sentences for the operator. */
import { SheetError } from "./sheet.ts";

/** A {@link SheetError} with advice where the operator can repair the cause; other errors as they are. */
export function explainFileError(cause: unknown, name: string): unknown {
  if (!(cause instanceof Error) || cause instanceof SheetError) return cause;
  const code = "code" in cause ? String(cause.code) : cause.name;
  const advice = ADVICE.get(code);
  if (!advice) return cause;
  const kind = DISK_FULL.has(code) ? "busy" : "setup";
  return new SheetError(kind, `${name} can't be written: ${advice}.`, { cause });
}

const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);
const NOT_ALLOWED = "this user may not write there; change the owner or the mode of file and directory";
const IN_THE_WAY = "a part of its path is a file; choose another path";
const ADVICE = new Map([
  ["ENOSPC", "the disk is full; make room on it"],
  ["EDQUOT", "the disk quota is used up; make room"],
  ["EACCES", NOT_ALLOWED],
  ["EPERM", NOT_ALLOWED],
  ["NotCapable", "the permissions to read and write don't cover it"],
  ["EROFS", "the file system is mounted read-only; choose another path"],
  ["EISDIR", "it is a directory; choose another path"],
  ["ENOTDIR", IN_THE_WAY],
  ["EEXIST", IN_THE_WAY],
  ["ENOENT", "its directory can't be made"],
]);
