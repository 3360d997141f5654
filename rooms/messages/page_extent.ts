/**
 * Extents of the pages of rooms' histories: from where to where each goes, how many messages it has and by whom, so that
 * messages are counted without being read.
 *
 * | key | value |
 * | --- | --- |
 * | `["extent", room, after]` | the {@link Extent} of the page with the same `after`, written in the page's commit |
 */
import { unpack } from "../kv/value_packer.ts";
import { isDeleted, type Line, memberIn, seqIn } from "./message.ts";

/** What a page has. */
export interface Extent {
  /** The `seq` of its first and its last message. */
  readonly first: string;
  readonly last: string;
  /** The number of its messages, deleted ones included. */
  readonly count: number;
  /** How many of them are deleted. */
  readonly deleted: number;
  /** How many of the others accounts have said, by `person`. */
  readonly by: Readonly<Record<string, number>>;
}

/** Extents read at a time, which are then of one moment. */
const AT_ONCE = 500;
/** Tries of a count that changes of a page interrupt. */
const MAX_TRIES = 5;

/** The key of a page's extent. */
export function extentKey(room: string, after: string): Deno.KvKey {
  return ["extent", room, after];
}

/** The extent of a page's lines, of which there is at least one. */
export function extentOf(lines: readonly Line[]): Extent {
  let deleted = 0;
  const by: Record<string, number> = {};
  for (const line of lines) {
    if (isDeleted(line)) deleted++;
    else {
      const person = memberIn(line);
      if (person !== undefined) by[person] = (by[person] ?? 0) + 1;
    }
  }
  return { first: seqIn(lines[0]), last: seqIn(lines[lines.length - 1]), count: lines.length, deleted, by };
}

/** Whether a message counts for a reader: it is there, and somebody else said it. */
export function countsFor(reader: string, line: Line): boolean {
  return !isDeleted(line) && memberIn(line) !== reader;
}

/** Archived messages to count. */
export interface ArchivedRange {
  readonly room: string;
  /** From this `seq` on. */
  readonly start: string;
  /** Before this `seq`. */
  readonly end: string;
  /** The `person` of the account that counts what others have said. */
  readonly reader: string;
}

/**
 * The number of archived messages that {@link countsFor} a reader. Only the pages in which the range begins and ends get
 * read.
 *
 * @throws {Error} when a page changes at each of {@link MAX_TRIES} tries.
 */
export async function countArchived(kv: Deno.Kv, range: ArchivedRange): Promise<number> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const count = await tryToCount(kv, range);
    if (count !== undefined) return count;
  }
  throw new Error(`Counting messages of ${range.room} failed: a page changed ${MAX_TRIES} times meanwhile`);
}

async function tryToCount(
  kv: Deno.Kv,
  { room, start, end, reader }: ArchivedRange,
): Promise<number | undefined> {
  let count = 0;
  const extents = kv.list<Extent>({ prefix: extentKey(room, "").slice(0, -1) }, {
    reverse: true,
    batchSize: AT_ONCE,
  });
  for await (const { key, value: extent } of extents) {
    if (extent.last < start) break;
    if (extent.first >= end) continue;
    if (extent.first >= start && extent.last < end) {
      count += extent.count - extent.deleted - (extent.by[reader] ?? 0);
      continue;
    }
    const page = await kv.get<Uint8Array>(["history", room, key[2]]);
    const lines = page.value ? unpack(page.value) : [];
    // Divided or shortened since its extent was read; lines that were only added are behind all others.
    if (lines.length < extent.count || seqIn(lines[0]) !== extent.first) return undefined;
    const within = lines.filter((line) => seqIn(line) >= start && seqIn(line) < end);
    count += within.filter((line) => countsFor(reader, line)).length;
  }
  return count;
}

/** Gives extents to pages that were written before there were any, or with less in them, each in a commit of its own. */
export async function measureAllPages(kv: Deno.Kv): Promise<void> {
  for await (const page of kv.list<Uint8Array>({ prefix: ["history"] }, { batchSize: 10 })) {
    const key = extentKey(String(page.key[1]), String(page.key[2]));
    // When a page changes meanwhile, its writer sets the extent.
    await kv.atomic().check(page).set(key, extentOf(unpack(page.value))).commit();
  }
}
