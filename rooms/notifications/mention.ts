/**
 * Mentions: the accounts that a message names by `@name`.
 *
 * Names are compared folded, and the longest matching name counts. No space has to follow it: `@小安你好` names 小安. But
 * a name that ends in a letter of a script with spaces between words must end where the word does: `@adam` doesn't name
 * ada. A sign in an e-mail address, a URL or a package name (`bo@ada.example`, `https://medium.com/@ada`,
 * `npm i @ada/pkg`) names nobody.
 */
import { foldName } from "../access/fold_name.ts";

/** Signs that may begin a mention, as UTF-16; East Asian input methods type the full-width one. */
const SIGN = 0x40;
const WIDE_SIGN = 0xff20;
const SLASH = 0x2f;
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
 * Whether a text may contain a mention. `mayBeginName` tells whether a folded name may begin with a character. Where the
 * character after a sign may join with the next one, so that only folding the whole name tells, the answer is true.
 */
export function mayMention(text: string, mayBeginName: (initial: string) => boolean): boolean {
  // Nearly all messages have no sign.
  if (!text.includes("@") && !text.includes("＠")) return false;
  let signs = 0;
  for (const sign of namingSigns(text)) {
    if (++signs > MAX_SIGNS) return false;
    const initial = initialAt(text, sign + 1);
    if (initial === undefined || mayBeginName(initial)) return true;
  }
  return false;
}

/**
 * A character that changes no character before it when both are folded: it is no mark, nothing invisible, and neither a
 * part of a Hangul syllable nor a voicing mark of kana.
 */
const SEPARATE =
  /^(?![\p{Default_Ignorable_Code_Point}\u1100-\u11ff\u3131-\u318e\uffa0-\uffdc\uff9e\uff9f])[^\p{M}]/u;

/** The first character of the folded text from an index on; `undefined` when more than that one character decides it. */
function initialAt(text: string, start: number): string | undefined {
  // What nearly all signs are followed by needs no folding: two characters of ASCII.
  const unit = text.charCodeAt(start);
  if (unit > 0x20 && unit < 0x7f && !(text.charCodeAt(start + 1) >= 0x80)) return text[start].toLowerCase();
  const first = String.fromCodePoint(text.codePointAt(start) ?? 0);
  const next = text.codePointAt(start + first.length);
  if (next !== undefined && next >= 0x80 && !SEPARATE.test(String.fromCodePoint(next))) return undefined;
  const initial = foldName(first).codePointAt(0);
  return initial === undefined ? undefined : String.fromCodePoint(initial);
}

/** What follows the scope in a package name: `/pkg`. */
const PACKAGE = /^\/[\w.-]/;

/** Finds the accounts that a text names, each once. */
export async function mentionedIn<Account extends { readonly id: string }>(
  text: string,
  longestName: LongestName<Account>,
): Promise<Account[]> {
  const found = new Map<string, Account>();
  let signs = 0;
  for (const sign of namingSigns(text)) {
    if (++signs > MAX_SIGNS) break;
    const folded = nameAt(text, sign + 1);
    const account = folded && await longestName(folded, (name) => isWhole(name, folded));
    if (account) found.set(account.id, account);
  }
  return [...found.values()];
}

/**
 * The indices of the signs behind which a name may begin. It doesn't behind a word (`bo@ada.example`), before white space or
 * the end, in a URL (`https://a/?to=@ada`), and in a path (`a/@ada`, but `@bo/@ada` names both). Reads the text once: it may
 * have a million characters, and each of them may be a sign.
 */
function* namingSigns(text: string): Generator<number> {
  const last = Math.max(text.lastIndexOf("@"), text.lastIndexOf("＠"));
  if (last < 0) return;
  let isUrl = false;
  // Whether there is a sign behind the last slash, and between that and the slash before.
  let [isSigned, wasSigned] = [false, false];
  for (let at = startOfWord(text); at <= last; at++) {
    const unit = text.charCodeAt(at);
    const isAscii = unit > 0x20 && unit < 0x7f;
    if (unit === SIGN || unit === WIDE_SIGN) {
      const isInAddress = isUrl || (text[at - 1] === "/" && !wasSigned);
      if (!isInAddress && at + 1 < text.length && !isSpace(text, at + 1) && !isBehindWord(text, at)) yield at;
      isUrl &&= isAscii;
      isSigned = true;
    } else if (unit === SLASH) {
      isUrl ||= text.startsWith("://", at - 1);
      [isSigned, wasSigned] = [false, isSigned];
    } else if (!isAscii) {
      isUrl = false;
      if (isSpace(text, at)) isSigned = wasSigned = false;
    }
  }
}

/** Where the word begins that has the first sign: no character before it matters. */
function startOfWord(text: string): number {
  let at = text.search(/[@＠]/);
  while (at > 0 && !isSpace(text, at - 1)) at--;
  return at;
}

function isSpace(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit < 0x80 ? unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) : /\s/u.test(text[at]);
}

/** Whether a word of a script that puts spaces between words ends before an index. */
function isBehindWord(text: string, at: number): boolean {
  return at > 0 && !isSpace(text, at - 1) && SPACED.test(text.slice(Math.max(0, at - 2), at));
}

/** The rest of the line after a sign, folded. */
function nameAt(text: string, start: number): string {
  const [line] = text.slice(start, start + MAX_NAME_UNITS).toWellFormed().split("\n", 1);
  return foldName(line);
}

/** Whether a name may end where it ends in the text. */
function isWhole(name: string, text: string): boolean {
  if (PACKAGE.test(text.slice(name.length, name.length + 2))) return false;
  const next = String.fromCodePoint(text.codePointAt(name.length) ?? 0x20);
  if (/\p{M}/u.test(next)) return false;
  return !SPACED.test(next) || !SPACED.test(name.slice(-2));
}
