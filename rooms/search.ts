/** Search in one room's messages, newest first. */
import type { Archive } from "./messages/archive.ts";
import type { History, HistoryPage } from "./messages/history.ts";
import { idIn, isDeleted, type Line, messageIn } from "./messages/message.ts";
import { folded, Sought } from "./messages/page_signature.ts";
import { Mutex } from "./mutex.ts";

/** What is searched for. */
export interface Query {
  /** Words that must all be in a message, anywhere in it; none: any message. */
  readonly words: readonly string[];
  /** The author's name. */
  readonly by?: string;
  /** Days of the service's time zone, `YYYY-MM-DD`, both included. */
  readonly from?: string;
  readonly to?: string;
  /** Only messages before this one. */
  readonly before?: string;
  /** The most messages in the answer. */
  readonly limit: number;
}

/** Searches the archive. */
export class Search {
  readonly #archive: Archive;
  readonly #history: Pick<History, "find">;
  /**
   * One search at a time: to read a page takes a millisecond of the thread that also forwards messages, and these waited
   * 88 ms (p99) beside 16 searches.
   */
  readonly #mutex = new Mutex();

  constructor(archive: Archive, history: Pick<History, "find">) {
    this.#archive = archive;
    this.#history = history;
  }

  /**
   * The newest messages of a room that match, oldest first; searches wait for those before them.
   *
   * @throws {unknown} the reason of `signal` when it is aborted.
   */
  find(room: string, query: Query, signal?: AbortSignal): Promise<HistoryPage> {
    return this.#mutex.run(() => this.#find(room, query, signal), signal);
  }

  async #find(room: string, query: Query, signal?: AbortSignal): Promise<HistoryPage> {
    const { before, limit } = query;
    const name = query.by === undefined ? undefined : folded(query.by);
    const words = query.words.map(folded);
    const sought = new Sought({ words, name });
    const end = before === undefined ? undefined : await this.#history.find(room, before);
    // What was said a moment ago is found, too.
    await this.#archive.advance();
    const isMatch = matcher({ ...query, words, by: name });
    const found: Line[] = [];
    const pages = this.#archive.signedPages(
      room,
      (signature) =>
        (query.to === undefined || signature.from.slice(0, DAY_LENGTH) <= query.to) &&
        (query.from === undefined || signature.to.slice(0, DAY_LENGTH) >= query.from) &&
        sought.mayBeIn(signature),
    );
    // A message that is gone counts as before the first one with a higher id.
    const isBefore = (line: Line): boolean =>
      before === undefined || (end === undefined ? idIn(line) < before : line < end);
    for await (const lines of pages) {
      signal?.throwIfAborted();
      for (const line of lines.toReversed()) {
        if (!isBefore(line)) continue;
        if (isMatch(line)) found.push(line);
        if (found.length > limit) return { lines: found.slice(0, limit).reverse(), more: true };
      }
    }
    return { lines: found.reverse(), more: false };
  }
}

const DAY_LENGTH = "YYYY-MM-DD".length;

/** Whether a line's message matches; words and name are folded. */
function matcher(
  { words, by, from, to }: Pick<Query, "words" | "by" | "from" | "to">,
): (line: Line) => boolean {
  return (line) => {
    if (isDeleted(line)) return false;
    const { message, username, time } = messageIn(line);
    const day = time.slice(0, DAY_LENGTH);
    if (from !== undefined && day < from || to !== undefined && day > to) return false;
    if (by !== undefined && folded(username) !== by) return false;
    if (!words.length) return true;
    const text = folded(message);
    return words.every((word) => text.includes(word));
  };
}
