/**
 * A message, from what a member wrote to the text that is stored and sent.
 *
 * A message is encoded as JSON once, when it arrives, without its `seq`, which only the commit gives it. This text is
 * its **body**, which the outbox stores. With the `seq` in front it is a **line**, which the history stores. Frames with
 * messages are made by joining lines.
 */
import { decodeTime, isValid, monotonicFactory } from "ulid";
import type { Message } from "../protocol.ts";
import { hasAccount, type User } from "../user.ts";

export type { Message };

/** A message that is not committed yet, and so has no `seq`. */
export interface Draft {
  readonly id: string;
  readonly room: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  /** The JSON of the message without the opening brace and without `seq`. */
  readonly body: string;
}

/** `seq`, a space, and the body. */
export type Line = string;

const STAMP_LENGTH = 20;
const SEQ_LENGTH = STAMP_LENGTH + 3;

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

// A body begins with `"id":"…"`, which is read without a parser.
const ID_AT = `"id":"`.length;

/** The id of a body. */
export function idInBody(body: string): string {
  return body.slice(ID_AT, ID_AT + 26);
}

// The room follows, whose name needs no escape.
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

/** The `chat_message` frame of a line; `fields` are further ones, as JSON with a comma after each. */
export function eventOf(line: Line, fields = ""): string {
  return `{"type":"chat_message",${fields}"seq":"${seqIn(line)}",${line.slice(SEQ_LENGTH + 1)}`;
}

/** The message of a line. */
export function messageIn(line: Line): Message {
  return JSON.parse(`{"seq":"${seqIn(line)}",${line.slice(SEQ_LENGTH + 1)}`);
}

// Only deleted messages have an empty text. Quotes in a text are escaped, so that no text can contain this.
const DELETED = `"message":"","time":"`;

/** Whether a line's message was deleted. */
export function isDeleted(line: Line): boolean {
  return line.includes(DELETED);
}

/** The line without its text: shorter, and with the same `seq`. */
export function withoutText(line: Line): Line {
  return revised(line, { message: "" });
}

/** The line without its text and its sender. */
export function withoutPerson(line: Line): Line {
  return revised(line, {
    user: NOBODY,
    username: NOBODY,
    message: "",
    account: undefined,
    person: undefined,
  });
}

/** The sender of erased messages; no account can have this name, see `accountName`. */
const NOBODY = "-";

/** Whether a line's message was erased together with its sender. */
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

/** Makes drafts, with ids and times. */
export interface MessageFactory {
  /** A message of `user` in a room, as of now. */
  draft(room: string, user: User, message: string): Draft;
}

/** A factory whose ids ascend and are all above the id `after` (`""`: any), even when the clock jumps back. */
export function createMessageFactory(options: {
  /** An IANA name. */
  timeZone: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** From 0 up to 1. */
  random: () => number;
  after: string;
  /** A user's id in a room's frames; missing: messages have none. */
  personOf?: (room: string, user: User) => string;
}): MessageFactory {
  const ulid = monotonicFactory(options.random);
  const floor = options.after ? decodeTime(options.after.slice(0, 26)) + 1 : 0;
  const format = createTimeFormat(options.timeZone);
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

/** Formats times; keeps the last second's text, because formatting for a time zone costs more than all else here. */
function createTimeFormat(timeZone: string): (at: number) => { time: string; timestamp: string } {
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
