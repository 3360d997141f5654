/** Errors of the file system, in sentences for the operator. */
import { SheetError } from "./sheet.ts";

/** A {@link SheetError} with advice where the operator can repair the cause; other errors as they are. */
export function explainFileError(
  cause: unknown,
  { name, path }: { readonly name: string; readonly path: string },
): unknown {
  if (!(cause instanceof Error) || cause instanceof SheetError) return cause;
  const [code, advice] = ADVICE.get("code" in cause ? String(cause.code) : cause.name) ?? [];
  if (!code) return cause;
  const kind = code === "disk_full" ? "busy" : "setup";
  return new SheetError(kind, `${name} can't be written: ${advice}.`, {
    cause,
    code,
    values: { file: path },
  });
}

/** A code for pages in other languages, and the advice. */
type Advice = readonly [code: string, advice: string];

const NOT_ALLOWED: Advice = [
  "file_not_allowed",
  "this user may not write there; change the owner or the mode of file and directory",
];
const IN_THE_WAY: Advice = ["file_in_the_way", "a part of its path is a file; choose another path"];
const ADVICE: ReadonlyMap<string, Advice> = new Map([
  ["ENOSPC", ["disk_full", "the disk is full; make room on it"]],
  ["EDQUOT", ["disk_full", "the disk quota is used up; make room"]],
  ["EACCES", NOT_ALLOWED],
  ["EPERM", NOT_ALLOWED],
  ["NotCapable", ["file_not_covered", "the permissions to read and write don't cover it"]],
  ["EROFS", ["file_read_only", "the file system is mounted read-only; choose another path"]],
  ["EISDIR", ["file_in_the_way", "it is a directory; choose another path"]],
  ["ENOTDIR", IN_THE_WAY],
  ["EEXIST", IN_THE_WAY],
  ["ENOENT", ["file_no_directory", "its directory can't be made"]],
]);
