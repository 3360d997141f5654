/**
 * Mentions: the accounts that a message names by `@name`.
 *
 * Names are compared folded, and the longest matching name counts. No space has to follow it: `@小安你好` names 小安. But
 * a name that ends in a letter of a script with spaces between words must end where the word does: `@adam` doesn't name
 * ada. A sign in an e-mail address, a URL or a package name (`bo@ada.example`, `https://medium.com/@ada`,
 * `npm i @ada/pkg`) names nobody.
 */
import { foldName } from "../access/account_name.ts";

/** Signs that may begin a mention; East Asian input methods type the full-width one. */
const SIGNS = ["@", "＠"];
const SIGN = /[@＠]/gu;
/** The backslash, with which JSON begins an escape sequence. */
const BACKSLASH = 0x5c;
/** Signs of one message that are examined. */
const MAX_SIGNS = 20;
/** UTF-16 code units after a sign that are examined: a folded name has at most 256. */
const MAX_NAME_UNITS = 256;

/** A letter or digit of a script that puts spaces between words. */
const SPACED =
  /[\p{L}\p{N}_](?<![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\u30fc])$/u;

/**
 * Finds the account with the longest name that a folded text begins with, among the names for which `mayEnd` is true;
 * `undefined` when there is none.
 */
export type LongestName<Account> = (
  text: string,
  mayEnd: (name: string) => boolean,
) => Promise<Account | undefined>;

/**
 * Whether a text, or its JSON, may contain a mention. Called for every message, so it only compares characters:
 * `mayBeginName` tells whether a folded name may begin with a character, and is asked about ASCII only, because other
 * characters may fold together with the next one; for those the answer is true.
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

/** UTF-16 code units before a sign that are examined. */
const MAX_ADDRESS_UNITS = 2_000;
/** What follows the scope in a package name: `/pkg`. */
const PACKAGE = /^\/[\w.-]/;

/** Finds the accounts that a text names, each once. */
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

/** Whether a sign belongs to a URL (`https://a/?to=@ada`) or to a path (`a/@ada`, but not `@bo/@ada`, which names both). */
function isInAddress(text: string, sign: number): boolean {
  const floor = Math.max(0, sign - MAX_ADDRESS_UNITS);
  const before = (continues: RegExp, end: number): string => {
    let start = end;
    while (start > floor && continues.test(text[start - 1])) start--;
    return text.slice(start, end);
  };
  if (before(/[!-~]/, sign).includes("://")) return true;
  return text[sign - 1] === "/" && !/[@＠]/.test(before(/[^\s/]/, sign - 1));
}

/** The rest of the line after a sign, folded; `""` if no name can begin there. */
function nameAt(text: string, start: number): string {
  const [line] = text.slice(start, start + MAX_NAME_UNITS).toWellFormed().split("\n", 1);
  return /^\s/u.test(line) ? "" : foldName(line);
}

/** Whether a name may end where it ends in the text. */
function isWhole(name: string, text: string): boolean {
  if (PACKAGE.test(text.slice(name.length, name.length + 2))) return false;
  const next = String.fromCodePoint(text.codePointAt(name.length) ?? 0x20);
  if (/\p{M}/u.test(next)) return false;
  return !SPACED.test(next) || !SPACED.test(name.slice(-2));
}
