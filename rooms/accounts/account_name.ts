/** Names of accounts: which ones there may be, and which are the same. */
import { ANONYMOUS, cleanName } from "../user.ts";

/**
 * The form in which names are compared: `Ada`, `ADA` and `Ａｄａ` are one name, and so are names that differ only in
 * characters which nobody sees.
 */
export function foldName(name: string): string {
  return name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "").toUpperCase().toLowerCase()
    .normalize("NFKC").replace(/\s+/gu, " ").trim();
}

/** Names that stand for nobody in particular, folded. */
const RESERVED = new Set([ANONYMOUS, "service", "匿名", "-"].map(foldName));

/** A single character may fold to eighteen, and a KV key has at most 2 KiB; no name that means anything is so long. */
export const MAX_FOLDED_LENGTH = 256;

/** A name as an account may bear it; `undefined` for one that it may not. */
export function accountName(name: string): string | undefined {
  const clean = cleanName(name);
  if (clean === undefined) return undefined;
  const folded = foldName(clean);
  return folded && folded.length <= MAX_FOLDED_LENGTH && !RESERVED.has(folded) ? clean : undefined;
}
