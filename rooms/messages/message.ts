/**
 * A message, from what a member wrote to the text that is stored and sent.
 *
 * A message is encoded as JSON once, when it arrives, without its `seq`, which only the commit gives it. This text is
 * its **body**, which the outbox stores. With the `seq` in front it is a **line**, which the history stores. Frames with
 * messages are made by joining lines.
 *
 * A line holds the message's present state: an edit changes its text, and a tab and the reactions follow once there are
 * any, see `reactions.ts`. What happened to a message stands in entries of its own, see `entry.ts`.
 */
import { isValid } from "ulid";
import type { Message, MessageFile } from "../protocol.ts";
import { NOBODY } from "../user.ts";
import { REACTIONS_FOLLOW, reactionsFor } from "./entries/reactions.ts";

export type { Message };

/** `seq`, a space, and the body. */
export type Line = string;

const STAMP_LENGTH = 20;
/** Characters of a `seq`. */
export const SEQ_LENGTH = STAMP_LENGTH + 3;

/** A commit's versionstamp (20 hex digits) and the index in its batch (at most 4,095), as one sortable string. */
export function seqOf(versionstamp: string, index: number): string {
  return versionstamp + index.toString(16).padStart(SEQ_LENGTH - STAMP_LENGTH, "0");
}

/** The line of a committed body. */
export function lineOf(seq: string, body: string): Line {
  return `${seq} ${body}`;
}

/** The `seq` of a line. */
export function seqIn(line: Line): string {
  return line.slice(0, SEQ_LENGTH);
}

/** The versionstamp of the commit that made a line durable. */
export function stampIn(line: Line): string {
  return line.slice(0, STAMP_LENGTH);
}

// A body begins with `"id":"…"`, which is read without a parser, and the room follows, whose name needs no escape.
const ID_AT = `"id":"`.length;

const ROOM_AT = `"id":"01234567890123456789012345","room":"`.length;

/** The id of a body. */
export function idInBody(body: string): string {
  return body.slice(ID_AT, ID_AT + 26);
}

/** Whether a body is that of an entry, not of a message: what comes behind the room tells. */
export function isEntryBody(body: string): boolean {
  return body.startsWith(`"entry":`, body.indexOf(`"`, ROOM_AT) + 2);
}

/** Whether a line is that of an entry, see {@link isEntryBody}. */
export function isEntry(line: Line): boolean {
  return line.startsWith(`"entry":`, line.indexOf(`"`, SEQ_LENGTH + 1 + ROOM_AT) + 2);
}

/** The room of a body. */
export function roomInBody(body: string): string {
  return body.slice(ROOM_AT, body.indexOf(`"`, ROOM_AT));
}

const TIME = `"time":"`;

/** The local time of a body. Quotes in a text are escaped, so that no text can contain the field's name. */
export function timeInBody(body: string): string {
  const at = body.lastIndexOf(TIME) + TIME.length;
  return body.slice(at, at + "YYYY-MM-DD HH:MM:SS".length);
}

/** Whether a text has the form of an id. */
export function isId(text: string): boolean {
  return isValid(text);
}

/** The id of a line. */
export function idIn(line: Line): string {
  return line.slice(SEQ_LENGTH + 1 + ID_AT, SEQ_LENGTH + 1 + ID_AT + 26);
}

/**
 * The `chat_message` frame of a line; `fields` are further ones, as JSON with a comma after each. `reader` is the person
 * who reads it, whose own reactions are marked; `""`: anybody.
 */
export function eventOf(line: Line, fields = "", reader = ""): string {
  return `{"type":"chat_message",${fields}"seq":"${seqIn(line)}",${present(line, reader)}`;
}

/** The message of a line. */
export function messageIn(line: Line): Message {
  return JSON.parse(`{"seq":"${seqIn(line)}",${present(line)}`);
}

/** The JSON of a line behind its `seq`, with its reactions as clients read them. */
function present(line: Line, reader = ""): string {
  const end = line.indexOf(REACTIONS_FOLLOW);
  if (end < 0) return line.slice(SEQ_LENGTH + 1);
  const reactions = JSON.stringify(reactionsFor(line.slice(end + 1), reader));
  return `${line.slice(SEQ_LENGTH + 1, end - 1)},"reactions":${reactions}}`;
}

/** The fields of a line as they are stored, without its reactions. */
export function fieldsIn(line: Line): Omit<Message, "seq" | "reactions"> {
  const end = line.indexOf(REACTIONS_FOLLOW);
  return JSON.parse(`{${line.slice(SEQ_LENGTH + 1, end < 0 ? undefined : end)}`);
}

/** A line with other fields; its `seq` and, unless the text is gone, its reactions stay. */
export function revised(line: Line, fields: Partial<Message>): Line {
  const end = line.indexOf(REACTIONS_FOLLOW);
  const reactions = end < 0 || fields.message === "" ? "" : line.slice(end);
  return lineOf(seqIn(line), JSON.stringify({ ...fieldsIn(line), ...fields }).slice(1)) + reactions;
}

// Only deleted messages have an empty text. Quotes in a text are escaped, so that no text can contain this.
const DELETED = `"message":"","time":"`;

/** Whether a line's message was deleted. */
export function isDeleted(line: Line): boolean {
  return line.includes(DELETED);
}

// Quotes in a text are escaped, so that no text can contain these.
const ACCOUNT = `"account":true`;
const PERSON = `"person":"`;

/** The `person` of the account that said a line's message; `undefined`: nobody with an account did. */
export function memberIn(line: Line): string | undefined {
  if (!line.includes(ACCOUNT)) return undefined;
  const at = line.indexOf(PERSON);
  return at < 0 ? undefined : line.slice(at + PERSON.length, line.indexOf(`"`, at + PERSON.length));
}

// Quotes in a text are escaped, so that no text can contain this.
const FILES = `"files":[`;

/** The ids of the files that the body of a message names, or that the body of an entry takes away. */
export function fileIdsInBody(body: string): readonly string[] {
  if (!body.includes(FILES)) return [];
  const { files = [] }: { files?: readonly (MessageFile | string)[] } = JSON.parse(`{${body}`);
  return files.map((file) => typeof file === "string" ? file : file.id);
}

/** The ids of the files of a line's message. */
export function fileIdsIn(line: Line): readonly string[] {
  return line.includes(FILES) ? fieldsIn(line).files?.map(({ id }) => id) ?? [] : [];
}

/** The line without its text and what hangs on it: shorter, and with the same `seq`. */
export function withoutText(line: Line): Line {
  return revised(line, { message: "", files: undefined, edited: undefined, reply_to: undefined });
}

/** The line without its text and its sender. */
export function withoutPerson(line: Line): Line {
  return revised(line, {
    user: NOBODY,
    username: NOBODY,
    message: "",
    files: undefined,
    account: undefined,
    person: undefined,
    edited: undefined,
    reply_to: undefined,
    client_id: undefined,
  });
}

/** Whether a line's message was erased together with its sender. */
export function isErased(line: Line): boolean {
  return isDeleted(line) && line.includes(`"username":"${NOBODY}"`);
}

/** The message of a body, which has no `seq`. */
export function messageInBody(body: string): Omit<Message, "seq"> {
  return JSON.parse(`{${body}`);
}

const TEXT = `"message":"`;

/** The text of a body: read without a parser where JSON escapes nothing in the body. */
export function textInBody(body: string): string {
  if (body.includes("\\")) return messageInBody(body).message;
  const start = body.indexOf(TEXT) + TEXT.length;
  return body.slice(start, body.indexOf(`"`, start));
}
