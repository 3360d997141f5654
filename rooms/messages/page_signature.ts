/**
 * Signatures of the pages of rooms' histories: each tells which words its page can't hold, so that a search reads only a
 * few pages of many.
 *
 * | key | value |
 * | --- | --- |
 * | `["search", room, after]` | the {@link Signature} of the page with the same `after`, written in the page's commit |
 *
 * A signature is a Bloom filter (https://en.wikipedia.org/wiki/Bloom_filter) of all characters, and pairs of neighbouring
 * ones, in the folded texts of a page: Chinese is found by one character or two, and Latin within words. Nearly every page
 * has all the pairs of a short Latin word somewhere, so runs of four ASCII characters are in the filter, too.
 */
import { unpack } from "../kv/value_packer.ts";
import { type Line, SEQ_LENGTH } from "./message.ts";

/** What a page can hold. */
export interface Signature {
  /** The times of its first and its last message, as in `Message.time`. */
  readonly from: string;
  readonly to: string;
  /** The filter. */
  readonly bits: Uint8Array;
  /** Whether runs of {@link RUN} are in the filter; pages that older versions wrote have none. */
  readonly hasRuns?: boolean;
}

/** Bits for each character of a page's text: 5 % of the pages that lack a pair of characters are read in vain. */
const BITS_PER_CHARACTER = 8;
/** Bits that each pair sets. */
const HASHES = 3;
/** Characters of ASCII. */
const ASCII = 0x80;
/** ASCII characters of a run. */
const RUN = 4;
/** Bits of an ASCII character. */
const ASCII_BITS = 7;
const ALL_OF_RUN = 2 ** (RUN * ASCII_BITS) - 1;
/** The most pairs or runs of a page that are remembered, as a power of two. */
const MAX_SEEN_BITS = 12;
const MIN_BYTES = 32;
/** Half of what KV takes as one value. */
const MAX_BYTES = 32_000;
/** Stands before names, which are searched as a whole. */
const NAME = "\u0001";

/** The key of a page's signature. */
export function signatureKey(room: string, after: string): Deno.KvKey {
  return ["search", room, after];
}

/** A text in the form in which texts are compared: without differences of width and case. */
export function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** The signature of a page's lines. */
export function signatureOf(lines: readonly Line[]): Signature {
  const texts = lines.map((line) => between(line, `"message":"`, `","`));
  const text = folded(texts.join("\n"));
  const names = new Set(lines.map((line) => between(line, `"username":"`, `","`)));
  const size = Math.ceil(text.length * BITS_PER_CHARACTER / 8) + names.size * HASHES;
  const bits = new Uint8Array(Math.min(Math.max(size, MIN_BYTES), MAX_BYTES));
  const add = (hash: number): void => {
    for (let i = 0; i < HASHES; i++) {
      const bit = bitAt(hash, i, bits.length);
      bits[bit >> 3] |= 1 << (bit & 7);
    }
  };
  // Pairs and runs of ASCII repeat in every text. Most are added once, which saves a third of the time for English. Pairs of
  // Chinese characters repeat too seldom.
  const pairs = new Seen(text.length);
  const runs = new Seen(text.length);
  let before = 0;
  /** Characters of a run up to here, at most {@link RUN}, and the last ones in one number. */
  let [length, run] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((before | unit) >= ASCII || pairs.add(before << ASCII_BITS | unit)) {
      add(hashOf(0, unit));
      add(hashOf(before, unit));
    }
    length = isOfRun(unit) ? Math.min(length + 1, RUN) : 0;
    run = (run << ASCII_BITS | unit) & ALL_OF_RUN;
    if (length === RUN && runs.add(run)) add(runHash(text, i - RUN + 1));
    before = unit;
  }
  for (const name of names) add(nameHash(name));
  return { from: timeIn(lines[0]), to: timeIn(lines[lines.length - 1]), bits, hasRuns: true };
}

/** Numbers that were there before, as far as they are remembered: each has one place, which others may take. */
class Seen {
  readonly #shift: number;
  readonly #numbers: Int32Array;

  /** For about so many numbers as a text has characters: a small page needs a small table. */
  constructor(length: number) {
    const bits = Math.min(32 - Math.clz32(length), MAX_SEEN_BITS);
    this.#shift = 32 - bits;
    this.#numbers = new Int32Array(2 ** bits);
  }

  /** Adds a number other than 0; answers whether it may be new. */
  add(number: number): boolean {
    const slot = Math.imul(number, 0x9e3779b1) >>> this.#shift;
    if (this.#numbers[slot] === number) return false;
    this.#numbers[slot] = number;
    return true;
  }
}

/**
 * Gives signatures to pages that were written before there were any, each in a commit of its own: who dies in this begins
 * again, and does no harm.
 */
export async function signAllPages(kv: Deno.Kv): Promise<void> {
  for await (const page of kv.list<Uint8Array>({ prefix: ["history"] }, { batchSize: 10 })) {
    const key = signatureKey(String(page.key[1]), String(page.key[2]));
    // A page that changes meanwhile gets its signature from whoever changes it.
    await kv.atomic().check(page).set(key, signatureOf(unpack(page.value))).commit();
  }
}

/** What a page must have for a search to read it; words and name are {@link folded}. */
export class Sought {
  readonly #hashes: number[] = [];
  readonly #runs: number[] = [];

  constructor({ words, name }: { words: readonly string[]; name?: string }) {
    for (const word of words) {
      // In a stored text a backslash stands before some signs: pairs with these are not compared.
      const units = Array.from({ length: word.length }, (_, i) => word.charCodeAt(i));
      for (const [i, unit] of units.entries()) {
        if (isEscaped(unit)) continue;
        this.#hashes.push(hashOf(0, unit));
        if (i > 0 && !isEscaped(units[i - 1])) this.#hashes.push(hashOf(units[i - 1], unit));
        if (isRun(word, i)) this.#runs.push(runHash(word, i));
      }
    }
    if (name !== undefined && !/["\\]/.test(name)) this.#hashes.push(nameHash(name));
  }

  /** Whether a page may hold it; false is certain. */
  mayBeIn({ bits, hasRuns = false }: Signature): boolean {
    const isIn = (hash: number): boolean => {
      for (let i = 0; i < HASHES; i++) {
        const bit = bitAt(hash, i, bits.length);
        if (!(bits[bit >> 3] & 1 << (bit & 7))) return false;
      }
      return true;
    };
    // Runs are the rarest: most pages are told apart by the first one.
    return (!hasRuns || this.#runs.every(isIn)) && this.#hashes.every(isIn);
  }
}

/** Whether the {@link RUN} characters from a place on are ASCII's, none of which JSON escapes. */
function isRun(text: string, start: number): boolean {
  if (start + RUN > text.length) return false;
  for (let i = start; i < start + RUN; i++) if (!isOfRun(text.charCodeAt(i))) return false;
  return true;
}

function isOfRun(unit: number): boolean {
  return unit > 0x20 && unit <= 0x7e && !isEscaped(unit);
}

function runHash(text: string, start: number): number {
  const half = (at: number): number => hashOf(text.charCodeAt(at), text.charCodeAt(at + 1));
  return hashOf(half(start), half(start + 2));
}

/** A part of a line's JSON, still escaped: a quote in a text is, so the ends are unmistakable. */
function between(line: Line, start: string, end: string): string {
  const from = line.indexOf(start, SEQ_LENGTH) + start.length;
  return line.slice(from, line.indexOf(end, from));
}

function timeIn(line: Line): string {
  return between(line, `,"time":"`, `"`);
}

/** `"` and `\`, which JSON escapes, and control characters. */
function isEscaped(unit: number): boolean {
  return unit === 0x22 || unit === 0x5c || unit < 0x20;
}

function nameHash(name: string): number {
  let hash = 0;
  for (const unit of NAME + folded(name)) hash = hashOf(hash, unit.codePointAt(0) ?? 0);
  return hash;
}

/** 32 bits of two numbers (the last steps of MurmurHash3, https://github.com/aappleby/smhasher). */
function hashOf(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

/** The bit number `i` of a hash in a filter of this many bytes (https://www.eecs.harvard.edu/~michaelm/postscripts/rsa2008.pdf). */
function bitAt(hash: number, i: number, bytes: number): number {
  return (hash + Math.imul(i, hash >>> 17 | 1) >>> 0) % (bytes * 8);
}
