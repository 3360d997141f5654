/**
 * An entry: what somebody did to a message after it was said. Messages and entries stand in one order of their room, go
 * through the same commits, and are stored as the same kind of line.
 *
 * An entry is applied to the line of its message as soon as it comes, in memory and in the archive, so that a page of
 * history is read without entries. Applying the same entries again, in their order, changes nothing.
 */
import type { Quote } from "../../protocol.ts";
import { NOBODY } from "../../user.ts";
import { fieldsIn, fileIdsIn, idIn, isDeleted, type Line, revised, seqIn, withoutText } from "../message.ts";
import { withReaction } from "./reactions.ts";

/** What hosts do to keep a room in order. */
export type Act =
  | "muted"
  | "unmuted"
  | "banned"
  | "unbanned"
  | "approved"
  | "refused"
  | "deleted_all"
  | "rules";

/** What is done to a message: the part of an entry that its author chooses. */
export type Change =
  & { readonly message_id: string }
  & (
    | { readonly entry: "edited"; readonly message: string }
    | { readonly entry: "reacted" | "unreacted"; readonly emoji: string }
    | { readonly entry: "pinned" | "unpinned" }
    /** `files` are the ids of the message's files, which go with it. */
    | { readonly entry: "deleted"; readonly files?: readonly string[] }
    /** What a host did to a person, and to no message: its `message_id` is `""`, its `message` says to whom. */
    | { readonly entry: Act; readonly message: string }
  );

/** An entry as it is stored, with its `seq`. */
export interface Entry {
  readonly id: string;
  readonly seq: string;
  readonly room: string;
  readonly entry: Change["entry"];
  readonly message_id: string;
  readonly user: string;
  readonly username: string;
  /** The new text of an edit; missing once the edit is archived, as the message's line has it then. */
  readonly message?: string;
  readonly emoji?: string;
  readonly time: string;
  readonly timestamp: string;
  readonly person?: string;
}

/** The most characters of a message in the quote of a reply. */
const QUOTE_LENGTH = 200;

/** The entry of a line. */
export function entryIn(line: Line): Entry {
  return { seq: seqIn(line), ...fieldsIn(line) } as unknown as Entry;
}

/** The entry of a body. */
export function entryInBody(body: string): Omit<Entry, "seq"> {
  return JSON.parse(`{${body}`);
}

/** A change as it is written: a deletion takes the files of its message away, too. */
export function withFiles(change: Change, line: Line | undefined): Change {
  const files = line === undefined ? [] : fileIdsIn(line);
  return change.entry === "deleted" && files.length ? { ...change, files } : change;
}

/** An entry's line without words: what the archive keeps of it. */
export function withoutWords(line: Line): Line {
  return revised(line, { message: undefined });
}

/** An entry's line without words and without who it was. */
export function entryWithoutPerson(line: Line): Line {
  return revised(line, { message: undefined, user: NOBODY, username: NOBODY, person: undefined });
}

/** What a reply tells of the message that it answers. */
export function quoteOf(line: Line): Quote {
  const { id, username, message, files = [] } = fieldsIn(line);
  if (isDeleted(line)) return lost(id);
  return { id, username, message: shortened(message || files.map(({ name }) => name).join(", ")) };
}

// Quotes in a text are escaped, so that no text can contain this.
const DELETION = `"entry":"deleted"`;

/** Whether a line is the deletion of a message. */
export function isDeletion(line: Line): boolean {
  return line.includes(DELETION);
}

const QUOTES = `"reply_to":{"id":"`;

/** Whether a message answers another one. */
export function isReply(line: Line): boolean {
  // Quotes in a text are escaped, so that no text can contain this.
  return line.includes(QUOTES);
}

/** The id of the message that a reply answers; `undefined` for other messages. */
export function quotedIn(line: Line): string | undefined {
  const at = line.indexOf(QUOTES);
  return at < 0 ? undefined : line.slice(at + QUOTES.length, at + QUOTES.length + 26);
}

/** The line of a reply with the quote as its message stands now; `undefined`: that is gone. */
export function quoting(line: Line, quoted: Line | undefined): Line {
  return quoted === undefined ? withoutQuote(line) : revised(line, { reply_to: quoteOf(quoted) });
}

/** Whether an entry changes the quotes of its message, too. */
export function changesQuotes({ entry }: Entry): boolean {
  return entry === "edited" || entry === "deleted";
}

/** What an entry does to a line of its room: to that of its message, and to those of replies that quote it. */
export function revisionBy(entry: Entry): (line: Line) => Line {
  const quote = `${QUOTES}${entry.message_id}"`;
  const mayQuote = changesQuotes(entry);
  return (line) => {
    if (idIn(line) === entry.message_id) return applied(line, entry);
    return mayQuote && line.includes(quote) ? requoted(line, entry) : line;
  };
}

/** What several entries, in their order, do to a line. */
export function revisionByAll(entries: readonly Entry[]): (line: Line) => Line {
  const revisions = entries.map(revisionBy);
  return (line) => revisions.reduce((revised, revision) => revision(revised), line);
}

/** The line of a reply whose quoted message is gone. */
export function withoutQuote(line: Line): Line {
  const { reply_to } = fieldsIn(line);
  return reply_to && !reply_to.deleted ? revised(line, { reply_to: lost(reply_to.id) }) : line;
}

function applied(line: Line, { entry, message, emoji = "", timestamp, person = "", username }: Entry): Line {
  if (isDeleted(line)) return line;
  switch (entry) {
    case "edited":
      return message === undefined ? line : revised(line, { message, edited: timestamp });
    case "deleted":
      return withoutText(line);
    case "reacted":
    case "unreacted":
      return withReaction(line, emoji, [person, username], entry === "reacted");
    default:
      return line;
  }
}

function requoted(line: Line, { entry, message }: Entry): Line {
  if (entry === "deleted") return withoutQuote(line);
  const { reply_to } = fieldsIn(line);
  if (!reply_to || reply_to.deleted || message === undefined) return line;
  return revised(line, { reply_to: { ...reply_to, message: shortened(message) } });
}

function lost(id: string): Quote {
  return { id, username: "", message: "", deleted: true };
}

function shortened(message: string): string {
  // By whole characters: half a surrogate pair can't be encoded.
  return message.length <= QUOTE_LENGTH
    ? message
    : [...message.slice(0, QUOTE_LENGTH * 2)].slice(0, QUOTE_LENGTH).join("");
}
