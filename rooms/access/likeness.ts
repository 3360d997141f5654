/**
 * Which names look alike, though they are different ones: `ada` with a Cyrillic `а`, `TaIksheet` with a capital i,
 * `ADMIN™`, `🅰da`, `小 安`. Only for comparison: a likeness is neither shown nor stored.
 *
 * The characters are those of Unicode's confusables (https://www.unicode.org/reports/tr39/), as `unhomoglyph` has them. To
 * these come what the table leaves out because it is about identifiers: small capitals, letters in boxes, and marks that
 * strike a letter through.
 */
import unhomoglyph from "unhomoglyph";
import { foldName } from "./fold_name.ts";

const SMALL_CAPITALS = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ\0ʏᴢ";
/** First letters of alphabets in boxes and circles that have no compatibility form, and that of flags. */
const BOXED_ALPHABETS = [0x1f150, 0x1f170, 0x1f1e6];
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

const PLAIN = new Map([
  ...Array.from(LETTERS, (letter, i): [string, string] => [SMALL_CAPITALS[i], letter]),
  ...BOXED_ALPHABETS.flatMap((first) =>
    Array.from(LETTERS, (letter, i): [string, string] => [String.fromCodePoint(first + i), letter])
  ),
  // What the table makes of letters that look like these.
  ...Object.entries({
    "ĸ": "k",
    "ʍ": "m",
    "ß": "b",
    "ı": "l",
    "|": "l",
    "!": "l",
    i: "l",
    j: "j",
    "1": "l",
    "0": "o",
  }),
]);

/** Signs beside a name that change nothing in how it is read. */
const DRESSING = /[™℠®©]/gu;
/** Marks on letters that form no letter of their own with them: what remains in NFC. */
const MARKS = /(?<=[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Armenian}\p{sc=Han}\p{Nd}])\p{M}+/gu;
/** Steps until nothing changes at most; two are usual. */
const MAX_STEPS = 8;

/** What two names that look alike have in common, whatever their case. The likeness of a likeness is itself. */
export function likenessOf(name: string): string {
  let like = step(name.replace(DRESSING, "")) || foldName(name);
  for (let steps = 1; steps < MAX_STEPS; steps++) {
    const next = step(like);
    if (next === like) break;
    like = next;
  }
  return like;
}

/**
 * The likenesses of a name as it is written and in small letters: capitals of some scripts look like others than their
 * small letters do (`Ν`, `ν`).
 */
export function likenessesOf(name: string): Set<string> {
  return new Set([likenessOf(name), likenessOf(foldName(name))]);
}

function step(name: string): string {
  const plain = unhomoglyph(plainLetters(name.normalize("NFKC")));
  return plainLetters(foldName(plain).replace(MARKS, "").replace(/\s+/gu, ""));
}

function plainLetters(text: string): string {
  return Array.from(text, (character) => PLAIN.get(character) ?? character).join("");
}
