/** Reads the messages of a report from the archive in slices: each once, in the room's order. */
import { encodeTime } from "ulid";
import type { Archive } from "../messages/archive.ts";
import { type Line, messageIn, seqIn } from "../messages/message.ts";
import type { Message } from "../protocol.ts";
import type { Order } from "./report.ts";

/** How far a room has been read. */
export interface HistoryPosition {
  /** The archive page that was read last, which may have grown since. */
  readonly page: string;
  /** Everything up to this `seq` has been read. */
  readonly seen: string;
  /** The last `seq` to read: later messages aren't part of the report, so that a report on a busy room ends. */
  readonly until: string;
  /** The times of the first and the last message to read, in milliseconds since the epoch, for the progress. */
  readonly first: number;
  readonly last: number;
}

/** One slice of messages, and the position after it. */
export interface ReportPage {
  readonly messages: readonly Message[];
  readonly bookmark: HistoryPosition;
  /** Whether all messages have been read. */
  readonly isLast: boolean;
  /** The share that has been read, from 0 to 1, estimated from the messages' times. */
  readonly share: number;
}

/** Messages are ordered by commit, not by time; the clocks of machines that share a database differ by less than this. */
const CLOCKS_DIFFER_MS = 60_000;

/** Finds the first page and the last message, after all durable messages were moved to the archive. */
export async function openHistory(archive: Archive, { room, from = 0, to }: Order): Promise<HistoryPosition> {
  await archive.advance();
  const early = encodeTime(Math.max(0, from - CLOCKS_DIFFER_MS)) + "0".repeat(16);
  const { page } = await archive.locate(room, early);
  const { value: oldest = [] } = await archive.pagesFrom(room, page).next();
  const { value: newest = [] } = await archive.pagesUpTo(room, undefined).next();
  const [first, last] = [oldest[0], newest.at(-1)];
  const at = (line: Line | undefined): number => line ? timeOf(messageIn(line)) : 0;
  return {
    page,
    seen: "",
    until: last ? seqIn(last) : "",
    first: Math.max(from, at(first)),
    last: Math.min(to, at(last)),
  };
}

/** Reads the next `pages` archive pages (64 KB each) after a position. */
export async function readPage(
  archive: Archive,
  { room, from = 0, to }: Order,
  bookmark: HistoryPosition,
  pages: number,
): Promise<ReportPage> {
  const messages: Message[] = [];
  const { until, first, last } = bookmark;
  let { page, seen } = bookmark;
  let at = first;
  let isLast = true;
  let left = pages;
  for await (const { key, lines } of archive.keyedPagesFrom(room, page)) {
    // The position's own page was read before. It is read again, as it may have grown, but doesn't count.
    const isNew = !bookmark.seen || key !== bookmark.page;
    if (isNew && !left--) {
      isLast = false;
      break;
    }
    page = key;
    for (const line of lines) {
      if (seqIn(line) <= seen || seqIn(line) > until) continue;
      const message = messageIn(line);
      at = timeOf(message);
      seen = message.seq;
      if (at >= from && at < to) messages.push(message);
    }
    if (seen >= until || at > to + CLOCKS_DIFFER_MS) break;
  }
  const share = last > first ? (at - first) / (last - first) : isLast ? 1 : 0.5;
  return {
    messages,
    bookmark: { ...bookmark, page, seen },
    isLast,
    share: Math.min(1, Math.max(0, share)),
  };
}

function timeOf({ timestamp }: Message): number {
  return Date.parse(timestamp);
}
