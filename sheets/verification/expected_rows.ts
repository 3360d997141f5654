/** Which rows there should be, out of the histories of all rooms. */
import { encodeTime } from "ulid";
import type { Archive } from "../../rooms/messages/archive.ts";
import { CLOCKS_DIFFER_MS } from "../../rooms/messages/archive_pages.ts";
import { type Entry, entryIn } from "../../rooms/messages/entries/entry.ts";
import { idIn, isDeleted, type Line, messageIn, stampIn } from "../../rooms/messages/message.ts";
import { NOBODY } from "../../rooms/user.ts";
import { fieldsOf } from "../columns.ts";
import type { ExpectedRow } from "./comparison.ts";

/** An expected row, and into which of the two sheets it goes. */
export interface RoutedRow extends ExpectedRow {
  readonly isChange: boolean;
  /** Of the commit that it comes from. */
  readonly versionstamp: string;
}

/** Reads what each message and each change from a time on should have as its row. */
export async function* expectedRows(
  archive: Archive,
  { from, settled, refused }: {
    /** In ms since the epoch. */
    readonly from: number;
    /** Batches up to this versionstamp are settled. */
    readonly settled: string;
    /** The ids of dead letters. */
    readonly refused: ReadonlySet<string>;
  },
): AsyncGenerator<RoutedRow> {
  await archive.advance();
  const isDue = (line: Line): boolean => stampIn(line) <= settled && !refused.has(idIn(line));
  const early = encodeTime(Math.max(0, from - CLOCKS_DIFFER_MS)) + "0".repeat(16);
  for await (const room of archive.rooms()) {
    const { page } = await archive.locate(room, early);
    for await (const lines of archive.pagesFrom(room, page)) {
      for (const line of lines) {
        const message = messageIn(line);
        if (Date.parse(message.timestamp) < from) continue;
        const isChanged = message.edited !== undefined || isDeleted(line);
        const known = message.username === NOBODY ? "without person" : isChanged ? "without words" : "all";
        const versionstamp = stampIn(line);
        yield { fields: fieldsOf(message), known, isDue: isDue(line), isChange: false, versionstamp };
      }
    }
    for (const line of await archive.entries.behind(room, "", early)) {
      const entry = entryIn(line);
      if (Date.parse(entry.timestamp) < from) continue;
      const row = { fields: changeOf(entry), known: knownOf(entry), isDue: isDue(line) };
      yield { ...row, isChange: true, versionstamp: stampIn(line) };
    }
  }
}

function changeOf({ id, room, time, username, entry, message_id, emoji }: Entry): ExpectedRow["fields"] {
  return { id, room, time, username, change: entry, message_id, text: emoji ?? "" };
}

/** The words of an edit aren't kept: the message's line has them. */
function knownOf({ username, entry }: Entry): ExpectedRow["known"] {
  if (username === NOBODY) return "without person";
  return entry === "edited" ? "without words" : "all";
}
