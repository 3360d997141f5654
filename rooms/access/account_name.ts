/** Names: which ones accounts and guests may have. */
import { ANONYMOUS, cleanName } from "../user.ts";
import { foldName } from "./fold_name.ts";
import { isLegible } from "./legible_name.ts";
import { likenessesOf, likenessOf } from "./likeness.ts";

/** Names of guests without a name. */
const NOBODY = [ANONYMOUS, "匿名"].map(foldName);
/** Names of the service, of erased senders (`-`), and of its administration as such. */
const OF_THE_SERVICE = likenesses(
  ["-", "service", "system", "talksheet", "系統", "系统", "管理員", "管理员", "系統管理員", "系统管理员"],
);
/** Names that an account may have, but no guest. */
const OF_ADMINS = likenesses(
  ["admin", "administrator", "root", "moderator", "sysadmin", "webmaster", "管理者", "版主", "站長", "官方"],
);

const RESERVED = OF_THE_SERVICE.union(OF_ADMINS);

function likenesses(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(likenessOf));
}

/** Added to a reserved name, these make no other one of it: `Admin 1`, `system_2`, `管理員．`; nor do some of them. */
const ADDED = [/[\p{P}\p{S}\p{N}\s]+/gu, /[\p{P}\p{S}\s]+/gu, /\p{N}+/gu, /[\p{N}\s]+$/u];

/** Whether a name looks like a reserved one, whatever punctuation, digits and spaces are put into it. */
function isAmong(reserved: ReadonlySet<string>, name: string): boolean {
  const words = ADDED.map((added) => name.replace(added, "")).filter((word) => /\p{L}/u.test(word));
  const names = new Set([name, ...words]);
  return Array.from(names).some((name) => likenessesOf(name).values().some((like) => reserved.has(like)));
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
  const isFree = !NOBODY.includes(folded) &&
    !likenessesOf(clean).values().some((like) => OF_THE_SERVICE.has(like));
  return isFree && canBeKey(folded) ? clean : undefined;
}

/** Whether a guest may have this name, which {@link cleanName} has returned, provided that no account owns it. */
export function isGuestName(clean: string): boolean {
  return isLegible(clean) && canBeKey(foldName(clean)) && !isAmong(RESERVED, clean);
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
