/** People and rooms, told from each other by short marks, so that isolates can tell who is at several of them. */

/** The length of a mark, which has 51 bits: among 10,000 there are two of the same once in 45 million times. */
export const MARK_LENGTH = 10;

/** The mark of a name or an id: cyrb53 (public domain, https://github.com/bryc/code), which takes half a microsecond. */
export function markOf(text: string): string {
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

/** The marks that stand one after the other in a text. */
export function* marksIn(text: string): Generator<string> {
  for (let i = 0; i + MARK_LENGTH <= text.length; i += MARK_LENGTH) yield text.slice(i, i + MARK_LENGTH);
}
