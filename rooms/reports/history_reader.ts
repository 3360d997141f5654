/** The messages of a report, read from the archive in slices: each once, in the room's order. */
import { encodeTime } from "ulid";
import type { Archive } from "../messages/archive.ts";
import { type Line, messageIn, seqIn } from "../messages/message.ts";
import type { Message } from "../protocol.ts";
import type { Order } from "./report.ts";

/** How far somebody is who reads a room. */
export interface HistoryPosition {
  /** The page to go on from, which may have grown since. */
  readonly page: string;
  /** Everything up to this `seq` has been read. */
  readonly seen: string;
  /** The last `seq` to read: what is said later is no part of it, so that a busy room has an end, too. */
  readonly until: string;
  /** The times of the first message to read and of the last, in milliseconds since the epoch: for a bar. */
  readonly first: number;
  readonly last: number;
}

/** The next messages, and where to go on. */
export interface ReportPage {
  readonly messages: readonly Message[];
  readonly bookmark: HistoryPosition;
  readonly isLast: boolean;
  /** How much of the whole has been read, from 0 to 1; told from the times, because nobody has counted. */
  readonly share: number;
}

/** The clocks of machines that share a database differ by less than this: messages stand in the order of commits. */
const CLOCKS_DIFFER_MS = 60_000;

/** Finds the first page and the last message. What is durable by now is in pages then, so that these are all to read. */
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

/** Reads so many pages. */
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
    // The page of the bookmark has been read, though it may have grown: it is none of those that are to come.
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
