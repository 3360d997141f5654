/**
 * Mentions: the accounts that a message names by `@name`.
 *
 * Names are compared folded, the longest one that fits counts, and none has to be followed by a space: `@小安你好` names
 * 小安. But a name that ends in a letter of a script that puts spaces between words ends where the word does: `@adam`
 * never names ada, and `bo@ada.example` names nobody. Nor does a sign in an address or a path (`https://medium.com/@ada`,
 * `npm i @ada/pkg`), which is how packages and pages of people are called.
 */
import { foldName } from "../access/account_name.ts";

/** Signs that may begin a mention; the wide one is what input methods write. */
const SIGNS = ["@", "＠"];
const SIGN = /[@＠]/gu;
/** Before a character that JSON escapes. */
const BACKSLASH = 0x5c;
/** Signs of one message that are looked at. */
const MAX_SIGNS = 20;
/** So many code units behind a sign are looked at: a folded name's are at most 256. */
const MAX_NAME_UNITS = 256;

/** A letter or digit of a script that puts spaces between words. */
const SPACED =
  /[\p{L}\p{N}_](?<![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\u30fc])$/u;

/**
 * The longest name of an account that a folded text begins with and behind which it may end; answers `undefined` where
 * there is none.
 */
export type LongestName<Account> = (
  text: string,
  mayEnd: (name: string) => boolean,
) => Promise<Account | undefined>;

/**
 * Whether a text, or its JSON, may hold a mention; on the way of every message. `mayBeginName` knows with what characters
 * names begin, folded; of others than plain ones this doesn't find out, as they may fold together with what follows.
 */
export function mayMention(text: string, mayBeginName: (initial: string) => boolean): boolean {
  if (text.includes(SIGNS[1])) return true;
  let signs = 0;
  for (let at = text.indexOf(SIGNS[0]); at >= 0; at = text.indexOf(SIGNS[0], at + 1)) {
    if (++signs > MAX_SIGNS) return true;
    const [first, second] = [text.charCodeAt(at + 1), text.charCodeAt(at + 2)];
    const isPlain = first < 0x80 && !(second >= 0x80) && first !== BACKSLASH;
    if (!isPlain || mayBeginName(text[at + 1].toLowerCase())) return true;
  }
  return false;
}

/** So many code units before a sign are looked at. */
const MAX_ADDRESS_UNITS = 2_000;
/** What stands behind the name in a package's: `/pkg`. */
const PACKAGE = /^\/[\w.-]/;

/** The accounts that a text names, each once. */
export async function mentionedIn<Account extends { readonly id: string }>(
  text: string,
  longestName: LongestName<Account>,
): Promise<Account[]> {
  const found = new Map<string, Account>();
  let signs = 0;
  for (const { index } of text.matchAll(SIGN)) {
    if (SPACED.test(text.slice(Math.max(0, index - 2), index))) continue;
    if (isInAddress(text, index)) continue;
    const folded = nameAt(text, index + 1);
    if (!folded) continue;
    if (++signs > MAX_SIGNS) break;
    const account = await longestName(folded, (name) => isWhole(name, folded));
    if (account) found.set(account.id, account);
  }
  return [...found.values()];
}

/** Whether a sign belongs to an address (`https://a/?to=@ada`) or to a path (`a/@ada`, but not `@bo/@ada`, which names both). */
function isInAddress(text: string, sign: number): boolean {
  const floor = Math.max(0, sign - MAX_ADDRESS_UNITS);
  const before = (goesOn: RegExp, end: number): string => {
    let start = end;
    while (start > floor && goesOn.test(text[start - 1])) start--;
    return text.slice(start, end);
  };
  if (before(/[!-~]/, sign).includes("://")) return true;
  return text[sign - 1] === "/" && !/[@＠]/.test(before(/[^\s/]/, sign - 1));
}

/** What stands behind a sign, folded: a name, if one stands there, with what follows it. */
function nameAt(text: string, start: number): string {
  const [line] = text.slice(start, start + MAX_NAME_UNITS).toWellFormed().split("\n", 1);
  return /^\s/u.test(line) ? "" : foldName(line);
}

function isWhole(name: string, text: string): boolean {
  if (PACKAGE.test(text.slice(name.length, name.length + 2))) return false;
  const next = String.fromCodePoint(text.codePointAt(name.length) ?? 0x20);
  if (/\p{M}/u.test(next)) return false;
  return !SPACED.test(next) || !SPACED.test(name.slice(-2));
}
