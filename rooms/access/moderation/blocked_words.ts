/**
 * Words that nobody may say in a room, in whatever case and width they are written, with spaces or characters that nobody
 * sees between their letters.
 */

/** Blocked words of a room, and their characters in all, at most: a room's rules are one stored value. */
export const MAX_BLOCKED_WORDS = 500;
/** Characters of one word at most. */
export const MAX_WORD_LENGTH = 50;
/** Characters of all words of a room at most. */
export const MAX_WORDS_LENGTH = 10_000;

const GAP = String.raw`[\s\p{Default_Ignorable_Code_Point}]*`;
/** Scripts that put no space between words: a word may begin and end anywhere. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const LETTER = /[\p{L}\p{N}]/u;

/** By list: one is compiled once, not for each message. */
const patterns = new WeakMap<readonly string[], RegExp>();

/** Whether a text contains one of the words. A word of Latin letters counts as a whole: `ass` isn't in `class`. */
export function hasBlockedWord(text: string, words: readonly string[]): boolean {
  if (!words.length) return false;
  let pattern = patterns.get(words);
  if (!pattern) patterns.set(words, pattern = new RegExp(words.map(patternOf).join("|"), "u"));
  return pattern.test(folded(text));
}

/** The words as they are stored: without empty ones and doubles. */
export function wordsIn(words: readonly string[]): string[] {
  return [...new Map(words.map((word) => [lettersOf(word).join(""), word.trim()])).entries()]
    .filter(([letters]) => letters !== "").map(([, word]) => word);
}

function patternOf(word: string): string {
  const letters = lettersOf(word);
  const escaped = letters.map((letter) => letter.replace(/[\\^$.*+?()[\]{}|/]/u, String.raw`\$&`));
  const [first, last] = [letters[0] ?? "", letters.at(-1) ?? ""];
  const before = mayTouch(first) ? "" : String.raw`(?<![\p{L}\p{N}])`;
  const after = mayTouch(last) ? "" : String.raw`(?![\p{L}\p{N}])`;
  return before + escaped.join(GAP) + after;
}

/** Whether another letter may stand directly beside this one, and it is a word of its own all the same. */
function mayTouch(letter: string): boolean {
  return UNSPACED.test(letter) || !LETTER.test(letter);
}

/** A word's characters, without what may stand between them. */
function lettersOf(word: string): string[] {
  return [...folded(word).replace(/[\s\p{Default_Ignorable_Code_Point}]/gu, "")];
}

function folded(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase();
}
