/**
 * Words that nobody may say in a room: in any case and width, also with spaces or invisible characters between the letters.
 *
 * Spaces and invisible characters are removed from the text, which is then searched for each word. The alternative, a
 * pattern that allows gaps between all letters, took 1.5 s for one hostile message and 500 words.
 */

/** The most blocked words of a room: they are part of its permissions, which are one stored value. */
export const MAX_BLOCKED_WORDS = 500;
/** The most characters of one word. */
export const MAX_WORD_LENGTH = 50;
/** The most characters of all words of a room together. */
export const MAX_WORDS_LENGTH = 10_000;

const GAPS = /[\s\p{Default_Ignorable_Code_Point}]+/gu;
/** Scripts that put no space between words, or particles directly after them: a word may begin and end anywhere. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Bopomofo}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LETTER = /[\p{L}\p{N}]/u;

/** Whether a text contains one of the words. A word of Latin letters has to stand alone: `class` doesn't contain `ass`. */
export function hasBlockedWord(text: string, words: readonly string[]): boolean {
  if (!words.length) return false;
  const parts = folded(text).split(GAPS);
  const letters = parts.join("");
  /** Where a gap was, or the text begins or ends. */
  const edges = new Set<number>([0]);
  let length = 0;
  for (const part of parts) edges.add(length += part.length);
  return lettersOfAll(words).some((word) => has(letters, word, edges));
}

/** The words as they are stored: without empty ones and duplicates. */
export function wordsIn(words: readonly string[]): string[] {
  return [...new Map(words.map((word) => [lettersOf(word), word.trim()])).entries()]
    .filter(([letters]) => letters !== "").map(([, word]) => word);
}

/** Folded words by list, so that a list is folded once and not for each message. */
const known = new WeakMap<readonly string[], readonly string[]>();

function lettersOfAll(words: readonly string[]): readonly string[] {
  let letters = known.get(words);
  if (!letters) known.set(words, letters = words.map(lettersOf).filter(Boolean));
  return letters;
}

function has(letters: string, word: string, edges: ReadonlySet<number>): boolean {
  for (let at = letters.indexOf(word); at >= 0; at = letters.indexOf(word, at + 1)) {
    const end = at + word.length;
    const begins = edges.has(at) || mayTouch(word[0]) || mayTouch(letters[at - 1]);
    const ends = edges.has(end) || mayTouch(word[word.length - 1]) || mayTouch(letters[end]);
    if (begins && ends) return true;
  }
  return false;
}

/** Whether another letter may stand directly beside this one, and it is a word of its own all the same. */
function mayTouch(letter: string): boolean {
  return UNSPACED.test(letter) || !LETTER.test(letter);
}

/** A word's characters, without what may stand between them. */
function lettersOf(word: string): string {
  return folded(word).replace(GAPS, "");
}

function folded(text: string): string {
  // Of the two small sigmas one stands at the end of words only: capitals have one.
  return text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ");
}
