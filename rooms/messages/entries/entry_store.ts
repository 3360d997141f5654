/**
 * The entries of all rooms in KV, for clients that were away, and which messages are answered by which.
 *
 * | key | value |
 * | --- | --- |
 * | `["entries", room, id]` | an entry's line, without words |
 * | `["pins", room]` | {@link Pins} |
 * | `["reply", room, id of the quoted message, id of the reply]` | `true` |
 */
import { decodeTime, encodeTime } from "ulid";
import { type ArchivePages, CLOCKS_DIFFER_MS } from "../archive_pages.ts";
import {
  changesQuotes,
  type Entry,
  entryIn,
  entryWithoutPerson,
  isReply,
  quotedIn,
  quoting,
  withoutWords,
} from "./entry.ts";
import { idIn, isId, type Line, seqIn } from "../message.ts";
import { NO_PINS, type Pins, pinsAfter } from "./pins.ts";

const ENTRIES = "entries";
const PINS = "pins";
const REPLY = "reply";
/** A message may wait this long between getting its id and its commit, and the clocks of machines differ. */
const IDS_DIFFER_MS = CLOCKS_DIFFER_MS + 60_000;
/** Changes in one commit; KV allows 1,000 (https://docs.deno.com/api/deno/~/Deno.AtomicOperation). */
const CHANGES_PER_COMMIT = 500;

/** Notes in the commit of a reply which message it quotes. */
export function addReply(commit: Deno.AtomicOperation, room: string, quoted: string, reply: string): void {
  commit.set([REPLY, room, quoted, reply], true);
}

/** Stores and reads entries. */
export class EntryStore {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Stores a room's entries and what is pinned after them. `commit` makes a commit with a check of the caller's. */
  async store(
    room: string,
    lines: readonly Line[],
    commit: (operation: Deno.AtomicOperation) => Promise<unknown>,
  ): Promise<void> {
    for (let i = 0; i < lines.length; i += CHANGES_PER_COMMIT) {
      const operation = this.#kv.atomic();
      const some = lines.slice(i, i + CHANGES_PER_COMMIT);
      for (const line of some) operation.set([ENTRIES, room, entryIn(line).id], withoutWords(line));
      const before = await this.pins(room);
      const pins = pinsAfter(before, some.map(entryIn));
      if (pins !== before) operation.set([PINS, room], pins);
      await commit(operation);
    }
  }

  /** What is pinned to a room, as far as it is archived. */
  async pins(room: string): Promise<Pins> {
    return (await this.#kv.get<Pins>([PINS, room])).value ?? NO_PINS;
  }

  /** The `seq` of an entry; `undefined` when the room has no such entry. */
  async find(room: string, id: string): Promise<string | undefined> {
    const { value } = await this.#kv.get<Line>([ENTRIES, room, id]);
    return value ? seqIn(value) : undefined;
  }

  /** The lines of a room's entries after a `seq`, in order; `id` is that of the message or entry with this `seq`. */
  async behind(room: string, seq: string, id: string): Promise<Line[]> {
    const prefix = [ENTRIES, room];
    const from = isId(id) ? encodeTime(Math.max(0, decodeTime(id) - IDS_DIFFER_MS)) : "";
    const range = { prefix, start: [...prefix, from] };
    const lines = await Array.fromAsync(this.#kv.list<Line>(range), ({ value }) => value);
    return lines.filter((line) => line > seq).sort();
  }

  /** The ids of the replies that quote a message. */
  async repliesTo(room: string, id: string): Promise<string[]> {
    return await Array.fromAsync(this.#kv.list({ prefix: [REPLY, room, id] }), ({ key }) => String(key[3]));
  }

  /** Takes the name of a person from what they did in a room. */
  async erase(room: string, username: string): Promise<void> {
    for await (const { key, value } of this.#kv.list<Line>({ prefix: [ENTRIES, room] })) {
      if (entryIn(value).username === username) await this.#kv.set(key, entryWithoutPerson(value));
    }
  }

  /** Removes a room's entries before the id `first`; yields the ids of later replies that quote an earlier message. */
  async *forgetBefore(room: string, first: string): AsyncGenerator<string> {
    for await (const { key } of this.#kv.list({ prefix: [ENTRIES, room], end: [ENTRIES, room, first] })) {
      await this.#kv.delete(key);
    }
    for await (const { key } of this.#kv.list({ prefix: [REPLY, room], end: [REPLY, room, first] })) {
      if (String(key[3]) >= first) yield String(key[3]);
      await this.#kv.delete(key);
    }
  }

  /** The pages with messages that these entries are about, and with replies to them; `fresh` are in no page yet. */
  async pagesOf(
    pages: ArchivePages,
    room: string,
    entries: readonly Entry[],
    fresh: readonly Line[],
  ): Promise<Set<string>> {
    // What hosts do to people is about no message.
    const ids = new Set(entries.map(({ message_id }) => message_id).filter(Boolean));
    const changed = new Set(entries.filter(changesQuotes).map(({ message_id }) => message_id));
    for (const id of changed) for (const reply of await this.repliesTo(room, id)) ids.add(reply);
    for (const line of fresh) ids.delete(idIn(line));
    const found = new Set<string>();
    for (const id of ids) {
      const { page, isThere } = await pages.locate(room, id);
      if (isThere) found.add(page);
    }
    return found;
  }
}

/** Lines whose quotes are as they stand now: what a reply quotes may have been deleted between draft and commit. */
export async function quotePresent(
  pages: ArchivePages,
  room: string,
  lines: readonly Line[],
): Promise<readonly Line[]> {
  if (!lines.some(isReply)) return lines;
  const fresh = new Map(lines.map((line) => [idIn(line), line]));
  const present: Line[] = [];
  for (const line of lines) {
    const quoted = quotedIn(line);
    if (quoted === undefined) present.push(line);
    else present.push(quoting(line, fresh.get(quoted) ?? await pages.line(room, quoted)));
  }
  return present;
}
