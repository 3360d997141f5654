/** Names: which ones accounts and guests may have, and which count as the same. */
import { ANONYMOUS, cleanName, withoutUnwanted } from "../user.ts";
import { isLegible } from "./legible_name.ts";

/**
 * The form in which names are compared: `Ada`, `ADA` and `Ａｄａ` are one name, so are `groß` and `GROẞ`, and so are
 * names that differ only in invisible characters or in those that {@link cleanName} removes. Folding a folded name
 * changes nothing.
 */
export function foldName(name: string): string {
  let folded = foldOnce(withoutUnwanted(name));
  for (let again = foldOnce(folded); again !== folded; again = foldOnce(folded)) folded = again;
  return folded;
}

/** One step of {@link foldName}: an early version folded names once, and stored them so. */
export function foldOnce(name: string): string {
  return name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "").toUpperCase().toLowerCase()
    .normalize("NFKC").replace(/\s+/gu, " ").trim();
}

/** Names of guests without a name. */
const NOBODY = [ANONYMOUS, "匿名"].map(foldName);
/** Names of the service, of erased senders (`-`), and of its administration as such. */
const OF_THE_SERVICE = new Set(
  ["-", "service", "system", "talksheet", "系統", "系统", "管理員", "管理员", "系統管理員", "系统管理员"].map(
    foldName,
  ),
);
/** Names that an account may have, but no guest. */
const OF_ADMINS = new Set(
  ["admin", "administrator", "root", "moderator", "sysadmin", "webmaster", "管理者", "版主", "站長", "官方"]
    .map(foldName),
);

/** Added to a reserved name, these make no other one of it: `Admin 1`, `system_2`, `管理員．`. */
const ADDED = /[\p{P}\p{S}\p{N}\s]+/gu;

/** Whether a folded name is reserved, whatever punctuation, digits and spaces are put into it. */
function isAmong(reserved: ReadonlySet<string>, folded: string): boolean {
  return reserved.has(folded) || reserved.has(folded.replace(ADDED, ""));
}

/**
 * Characters of a folded name at most: one character may fold to eighteen, and a KV key has at most 2 KiB
 * (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.set).
 */
export const MAX_FOLDED_LENGTH = 256;

/** A name in the form in which an account has it; `undefined` when no account may have it. */
export function accountName(name: string): string | undefined {
  const clean = cleanName(name);
  if (clean === undefined || !isLegible(clean)) return undefined;
  const folded = foldName(clean);
  const isFree = !NOBODY.includes(folded) && !OF_THE_SERVICE.has(folded);
  return isFree && canBeKey(folded) ? clean : undefined;
}

/** Whether a guest may have this name, which {@link cleanName} has returned, provided that no account owns it. */
export function isGuestName(clean: string): boolean {
  const folded = foldName(clean);
  return isLegible(clean) && canBeKey(folded) && !isAmong(OF_THE_SERVICE, folded) &&
    !isAmong(OF_ADMINS, folded);
}

/** Whether a folded name can be part of a key. */
export function canBeKey(folded: string): boolean {
  return folded !== "" && folded.length <= MAX_FOLDED_LENGTH;
}

/** The longest common start of two texts, in whole characters. */
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
