/** Counts what came to a room after a message. */
import type { Archive } from "../../messages/archive.ts";
import type { History } from "../../messages/history.ts";
import { fieldsIn, isDeleted, type Line, seqIn, stampIn } from "../../messages/message.ts";
import { countsFor } from "../../messages/page_extent.ts";
import { linesFrom } from "../../messages/recent_messages.ts";

/** The number of messages in a room after a mark, counted up to `end`. */
export interface Count {
  /** The `seq` of the mark. */
  readonly mark: string;
  readonly unread: number;
  /** Every message before this `seq` is counted. */
  readonly end: string;
}

/** The newest message of a room, as lists of rooms show it. */
export interface LastMessage {
  readonly id: string;
  readonly username: string;
  /** At most {@link PREVIEW_LENGTH} characters. */
  readonly message: string;
  readonly timestamp: string;
  readonly deleted?: true;
}

/** What is counted in: the archive by its pages' extents, and the newest messages in memory. */
export interface CountParts {
  readonly history: Pick<History, "span" | "before" | "entries">;
  readonly archive: Pick<Archive, "count" | "advance" | "position">;
}

/** The position up to which somebody has read in a room. */
export interface ReadUpTo {
  readonly room: string;
  /** The `seq` of the mark. */
  readonly mark: string;
  /** The `person` who reads there: one's own messages are never unread, nor are deleted ones. */
  readonly reader: string;
}

const PREVIEW_LENGTH = 200;

/**
 * Counts the messages after a mark; goes on from an earlier count of it where memory reaches back to that, and nothing was
 * deleted since.
 */
export async function countAfter(
  { history, archive }: CountParts,
  { room, mark, reader }: ReadUpTo,
  earlier?: Count,
): Promise<Count> {
  const isKnown = earlier?.mark === mark && earlier.end >= history.span(room).floor;
  // "~" sorts behind what follows a `seq` in a line.
  let { unread, end } = isKnown ? earlier : { unread: 0, end: mark && `${mark}~` };
  for (;;) {
    const { lines, floor } = history.span(room);
    if (end >= floor) {
      const fresh = linesFrom(lines, end);
      const last = fresh.at(-1);
      const more = fresh.filter((line) => countsFor(reader, line)).length;
      return { mark, unread: unread + more, end: last ? `${seqIn(last)}~` : end };
    }
    // Pages have the messages that were deleted a moment ago, until the archive has the deletions, too.
    const isBehind = history.entries(room).recent.some(({ entry, seq }) =>
      entry === "deleted" && stampIn(seq) > archive.position
    );
    if (isBehind) await archive.advance();
    unread += await archive.count({ room, start: end, end: floor, reader });
    // Memory may have dropped lines meanwhile: then the archive is read on from here.
    end = floor;
  }
}

/** How many of the messages that mention an account came after a mark; all by their `seq`. */
export function mentionsAfter(mentions: readonly string[] | undefined, mark: string): number {
  return (mentions ?? []).filter((seq) => seq > mark).length;
}

/** The newest message of a room; `undefined`: it has none. */
export async function lastMessage(parts: CountParts, room: string): Promise<LastMessage | undefined> {
  const line = await lastLine(parts, room);
  return line === undefined ? undefined : previewOf(line);
}

/** The line of that message. */
export async function lastLine({ history }: CountParts, room: string): Promise<Line | undefined> {
  return history.span(room).lines.at(-1) ?? (await history.before(room, undefined, 1)).lines.at(-1);
}

/** What lists of rooms show of a message. */
export function previewOf(line: Line): LastMessage {
  const { id, username, message, timestamp } = fieldsIn(line);
  const preview = message.length > PREVIEW_LENGTH ? message.slice(0, PREVIEW_LENGTH).toWellFormed() : message;
  return { id, username, message: preview, timestamp, deleted: isDeleted(line) || undefined };
}
