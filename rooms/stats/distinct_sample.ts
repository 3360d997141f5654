/**
 * A roll: the people or the rooms of an isolate by short marks, so that whoever is at several isolates counts once. It is
 * told in parts that fit into posts.
 */
import { POST_LENGTH } from "../cluster/channel.ts";

/** A part of a roll as it is told: its marks one after the other. */
export interface SamplePart {
  readonly marks: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** The roll that another isolate tells. */
export class DistinctSample {
  #whole = "";
  #coming: string | undefined;

  /** Takes the next part; of a roll whose beginning was lost, none. */
  take({ marks, isFirst, isLast }: SamplePart): void {
    const before = isFirst ? "" : this.#coming;
    this.#coming = before === undefined ? undefined : before + marks;
    if (!isLast || this.#coming === undefined) return;
    this.#whole = this.#coming;
    this.#coming = undefined;
  }

  /** The marks of the last roll that came whole. */
  *marks(): Generator<string> {
    for (let i = 0; i < this.#whole.length; i += MARK_LENGTH) yield this.#whole.slice(i, i + MARK_LENGTH);
  }
}

/** The roll of these names, at least one part. */
export function* samplePartsOf(names: Iterable<string>): Generator<SamplePart> {
  const marks = Array.from(names, sampleKeyOf).join("");
  const step = POST_LENGTH - POST_LENGTH % MARK_LENGTH;
  for (let i = 0; i === 0 || i < marks.length; i += step) {
    yield { marks: marks.slice(i, i + step), isFirst: i === 0, isLast: i + step >= marks.length };
  }
}

/** The length of a mark, which has 51 bits: among 10,000 there are two of the same once in 45 million times. */
const MARK_LENGTH = 10;

/** The mark of a name or an id: cyrb53 (public domain, https://github.com/bryc/code), which takes half a microsecond. */
export function sampleKeyOf(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  const number = 2 ** 32 * (b & 0x7ffff) + (a >>> 0);
  return number.toString(36).padStart(MARK_LENGTH, "0");
}
