/** Divides a page of history whose lines have grown beyond one stored value. */
import { Packer } from "../kv/value_packer.ts";
import { idIn, type Line } from "./message.ts";

/** A page to write; `after` is the last part of its key. */
export interface PagePart {
  readonly after: string;
  readonly lines: readonly Line[];
  /** The lines, packed. */
  readonly bytes: Uint8Array;
}

/**
 * The pages for these lines, of about one size, the first of them with the key `after`, all keys below `next`, that of
 * the page behind. A key is the highest id of all earlier pages. Where clocks of machines differ so much that this isn't
 * below `next`, the key is as high as it can be.
 */
export function splitPage(lines: readonly Line[], after: string, next: string | undefined): PagePart[] {
  const packer = new Packer();
  if (!lines.length) return [];
  if (lines.every((line) => packer.add(line))) return [{ after, lines, bytes: packer.take() }];
  packer.take();
  const half = lines.reduce((sum, { length }) => sum + length, 0) / 2;
  const parts: PagePart[] = [];
  let key = after;
  let highest = after;
  let length = 0;
  let start = 0;
  for (const [i, line] of lines.entries()) {
    const isFull = length > half;
    if (isFull || !packer.add(line)) {
      parts.push({ after: key, lines: lines.slice(start, i), bytes: packer.take() });
      start = i;
      // "!" sorts below the "+" with which the archive makes keys of pages whose ids descend.
      key = highest > key && (next === undefined || highest < next) ? highest : `${key}!`;
      length = 0;
      packer.add(line);
    }
    length += line.length;
    if (idIn(line) > highest) highest = idIn(line);
  }
  return [...parts, { after: key, lines: lines.slice(start), bytes: packer.take() }];
}
