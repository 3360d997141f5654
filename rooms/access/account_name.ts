/** Names: which ones accounts and guests may have, and which are the same. */
import { ANONYMOUS, cleanName, isLegible, withoutUnwanted } from "../user.ts";

/**
 * The form in which names are compared: `Ada`, `ADA` and `Ａｄａ` are one name, so are `groß` and `GROẞ`, and so are
 * names that differ only in characters which nobody sees or which {@link cleanName} takes out. Folding a folded name
 * changes nothing.
 */
export function foldName(name: string): string {
  let folded = foldOnce(withoutUnwanted(name));
  for (let again = foldOnce(folded); again !== folded; again = foldOnce(folded)) folded = again;
  return folded;
}

/** As names were folded before folding was repeated until nothing changes: stored names may be so still. */
export function foldOnce(name: string): string {
  return name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "").toUpperCase().toLowerCase()
    .normalize("NFKC").replace(/\s+/gu, " ").trim();
}

/** Names that stand for nobody in particular. */
const NOBODY = [ANONYMOUS, "匿名"].map(foldName);
/** Names of the service itself, and of those who look after it without being anybody in particular. */
const OF_THE_SERVICE = new Set(
  ["-", "service", "system", "talksheet", "系統", "系统", "管理員", "管理员", "系統管理員", "系统管理员"].map(
    foldName,
  ),
);
/** Names that somebody may sign in by, but that nobody can just claim to have. */
const OF_ADMINS = new Set(
  ["admin", "administrator", "root", "moderator", "sysadmin", "webmaster", "管理者", "版主", "站長", "官方"]
    .map(foldName),
);

/** What makes no other name of one: `Admin 1`, `system_2`, `管理員．`. */
const ADDED = /[\p{P}\p{S}\p{N}\s]+/gu;

/** Whether a folded name is one of those, with whatever signs, digits and spaces are put into it. */
function isAmong(reserved: ReadonlySet<string>, folded: string): boolean {
  return reserved.has(folded) || reserved.has(folded.replace(ADDED, ""));
}

/** A single character may fold to eighteen, and a KV key has at most 2 KiB; no name that means anything is so long. */
export const MAX_FOLDED_LENGTH = 256;

/** A name as an account may bear it; `undefined` for one that it may not. */
export function accountName(name: string): string | undefined {
  const clean = cleanName(name);
  if (clean === undefined || !isLegible(clean)) return undefined;
  const folded = foldName(clean);
  const isFree = !NOBODY.includes(folded) && !OF_THE_SERVICE.has(folded);
  return isFree && canBeKey(folded) ? clean : undefined;
}

/** Whether a guest may have this name, as {@link cleanName} leaves it, as far as no account owns it. */
export function isGuestName(clean: string): boolean {
  const folded = foldName(clean);
  return isLegible(clean) && canBeKey(folded) && !isAmong(OF_THE_SERVICE, folded) &&
    !isAmong(OF_ADMINS, folded);
}

/** Whether a folded name can be part of a key. */
export function canBeKey(folded: string): boolean {
  return folded !== "" && folded.length <= MAX_FOLDED_LENGTH;
}

/** What two texts begin with, in whole characters. */
export function commonStart(a: string, b: string): string {
  let common = "";
  for (const character of a) {
    if (!b.startsWith(common + character)) break;
    common += character;
  }
  return common;
}

/** A text without its last character. */
export function withoutLast(text: string): string {
  return [...text].slice(0, -1).join("");
}
