/**
 * A message, from what a member wrote to the text that is stored and sent.
 *
 * A message is written as JSON once, when it arrives, without its `seq`, which only the commit can tell. That text
 * is its **body**: what stands in the outbox. With its `seq` in front it is a **line**: what stands in the history.
 * Every frame about it is made of lines by joining strings.
 */
import { decodeTime, isValid, monotonicFactory } from "ulid";
import type { Message } from "../protocol.ts";
import { hasAccount, type User } from "../user.ts";

export type { Message };

/** A message that has no place in the order yet. */
export interface Draft {
  readonly id: string;
  readonly room: string;
  readonly timestamp: string;
  /** The JSON of the message without the opening brace and without `seq`. */
  readonly body: string;
}

/** `seq`, a space, and the body. */
export type Line = string;

const STAMP_LENGTH = 20;
const SEQ_LENGTH = STAMP_LENGTH + 3;

/** A commit's versionstamp (20 hex digits) and the place in its batch (up to 4,095), as one sortable string. */
export function seqOf(versionstamp: string, place: number): string {
  return versionstamp + place.toString(16).padStart(SEQ_LENGTH - STAMP_LENGTH, "0");
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

// A body begins with `"id":"…"`: reading it needs no parser.
const ID_AT = `"id":"`.length;

/** The id of a body. */
export function idInBody(body: string): string {
  return body.slice(ID_AT, ID_AT + 26);
}

// Then follows its room, whose name needs no escape.
const ROOM_AT = `"id":"01234567890123456789012345","room":"`.length;

/** The room of a body. */
export function roomInBody(body: string): string {
  return body.slice(ROOM_AT, body.indexOf(`"`, ROOM_AT));
}

/** Whether a text has the form of an id. */
export function isId(text: string): boolean {
  return isValid(text);
}

/** The id of a line. */
export function idIn(line: Line): string {
  return idInBody(line.slice(SEQ_LENGTH + 1, SEQ_LENGTH + 1 + ID_AT + 26));
}

/** The `chat_message` frame of a line; `marks` are further fields, as JSON with a comma behind each. */
export function eventOf(line: Line, marks = ""): string {
  return `{"type":"chat_message",${marks}"seq":"${seqIn(line)}",${line.slice(SEQ_LENGTH + 1)}`;
}

/** The message of a line. */
export function messageIn(line: Line): Message {
  return JSON.parse(`{"seq":"${seqIn(line)}",${line.slice(SEQ_LENGTH + 1)}`);
}

// Nobody can say nothing: an empty text is what a deleted message has. The quotes of a text are escaped, so that no
// text can look like this.
const DELETED = `"message":"","time":"`;

/** Whether a line's message was deleted. */
export function isDeleted(line: Line): boolean {
  return line.includes(DELETED);
}

/** The line without its text; it is shorter, and stands where it stood. */
export function withoutText(line: Line): Line {
  return revised(line, { message: "" });
}

/** The line without its text and without the name of whoever said it. */
export function withoutPerson(line: Line): Line {
  return revised(line, {
    user: NOBODY,
    username: NOBODY,
    message: "",
    account: undefined,
    person: undefined,
  });
}

/** Who said what was erased; no account can be called so, see `accountName`. */
const NOBODY = "-";

/** Whether a line's message was erased together with the name of whoever said it. */
export function isErased(line: Line): boolean {
  return isDeleted(line) && line.includes(`"username":"${NOBODY}"`);
}

function revised(line: Line, fields: Partial<Message>): Line {
  const { seq, ...message } = messageIn(line);
  return lineOf(seq, JSON.stringify({ ...message, ...fields }).slice(1));
}

/** The message of a body, which has no `seq`. */
export function messageInBody(body: string): Omit<Message, "seq"> {
  return JSON.parse(`{${body}`);
}

/** Makes drafts: gives ids and times. */
export interface MessageFactory {
  draft(room: string, user: User, message: string): Draft;
}

/** A scribe whose ids ascend and are all above the id `after` (`""`: any), even when the clock jumps back. */
export function createMessageFactory(options: {
  timeZone: string;
  now: () => number;
  random: () => number;
  after: string;
  /** Who somebody is in a room's frames; missing: nobody is told. */
  personOf?: (room: string, user: User) => string;
}): MessageFactory {
  const ulid = monotonicFactory(options.random);
  const floor = options.after ? decodeTime(options.after.slice(0, 26)) + 1 : 0;
  const format = clock(options.timeZone);
  return {
    draft(room, user, message) {
      const at = options.now();
      const id = ulid(Math.max(at, floor));
      const { time, timestamp } = format(at);
      const name = user.name;
      const account = hasAccount(user) || undefined;
      const person = options.personOf?.(room, user);
      const fields = { id, room, user: name, username: name, message, time, timestamp, account, person };
      const body = JSON.stringify(fields).slice(1);
      return { id, room, timestamp, body };
    },
  };
}

/** Formats times; the second's text is kept, because formatting for a time zone costs more than all the rest. */
function clock(timeZone: string): (at: number) => { time: string; timestamp: string } {
  // The Swedish form of a date and time is YYYY-MM-DD HH:MM:SS.
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  let second = NaN;
  let time = "";
  return (at) => {
    if (Math.floor(at / 1000) !== second) {
      second = Math.floor(at / 1000);
      time = local.format(at);
    }
    return { time, timestamp: new Date(at).toISOString() };
  };
}
