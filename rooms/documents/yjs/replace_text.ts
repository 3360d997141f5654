/** Changes a shared text into another one by the smallest edit, so that cursors outside of it stay. */
import type * as Y from "yjs";

/** Replaces what differs between the text's content and `wanted`; to be called in a transaction. */
export function replaceText(text: Y.Text, wanted: string): void {
  const content = text.toString();
  const { start, end } = common(content, wanted);
  text.delete(start, content.length - end - start);
  text.insert(start, wanted.slice(start, wanted.length - end));
}

/** How many UTF-16 code units two texts share at their start and at their end, in whole characters. */
function common(a: string, b: string): { start: number; end: number } {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  // Don't cut between the two halves of a surrogate pair.
  if (start && /[\ud800-\udbff]/.test(a[start - 1])) start--;
  if (end && /[\udc00-\udfff]/.test(a[a.length - end])) end--;
  return { start, end };
}
