/**
 * A message or an entry from when it is made to its commit: the text that is stored of it, and beside it what the commit
 * has to know, so that nobody searches the text for it.
 */
import { decodeTime, monotonicFactory } from "ulid";
import type { MessageFile, Quote } from "../protocol.ts";
import { hasAccount, type User } from "../user.ts";
import { type Change, entryInBody, quotedIn } from "./entries/entry.ts";
import { fileIdsInBody, isEntryBody, textInBody } from "./message.ts";

/** What is stored of a message that has no `seq` yet, as one isolate forwards it to another. */
export interface StoredDraft {
  readonly id: string;
  readonly room: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  /** The JSON of the message without the opening brace and without `seq`. */
  readonly body: string;
}

/** A message that is not committed yet. */
export interface Draft extends StoredDraft {
  /** What it does to a message, if it is an entry. */
  readonly change: Change | undefined;
  /** The text of a message; `""` in an entry. */
  readonly text: string;
  /** The id of the message that it answers. */
  readonly answered: string | undefined;
  /** The ids of the files that it names or, as an entry, takes away. */
  readonly files: readonly string[];
}

/** What a message has besides its text, which may be `""` when there are files. */
export interface Attached {
  /** The message that it answers. */
  readonly replyTo?: Quote;
  readonly files?: readonly MessageFile[];
  /** By which its author's client knows a message that a host approved. */
  readonly clientId?: string;
}

/** Makes drafts, with ids and times. */
export interface MessageFactory {
  /** A message of `user` in a room, as of now. */
  draft(room: string, user: User, message: string, attached?: Attached): Draft;
  /** What `user` does to a message, as of now. */
  entry(room: string, user: User, change: Change): Draft;
}

const NO_FILES: readonly string[] = [];

/** A draft that another isolate made. */
export function draftOf({ id, room, timestamp, body }: StoredDraft): Draft {
  const isEntry = isEntryBody(body);
  return {
    id,
    room,
    timestamp,
    body,
    change: isEntry ? entryInBody(body) as Change : undefined,
    text: isEntry ? "" : textInBody(body),
    answered: quotedIn(body),
    files: fileIdsInBody(body),
  };
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
    draft(room, user, text, { replyTo: reply_to, files, clientId: client_id } = {}) {
      const at = options.now();
      const id = ulid(Math.max(at, floor));
      const { time, timestamp } = format(at);
      const name = user.name;
      const account = hasAccount(user) || undefined;
      const person = options.personOf?.(room, user);
      const fields = {
        id,
        room,
        user: name,
        username: name,
        message: text,
        // Between text and time: only a deleted message has `time` right behind an empty text.
        files,
        time,
        timestamp,
        account,
        person,
        reply_to,
        client_id,
      };
      return {
        id,
        room,
        timestamp,
        body: JSON.stringify(fields).slice(1),
        change: undefined,
        text,
        answered: reply_to?.id,
        files: files?.map(({ id }) => id) ?? NO_FILES,
      };
    },
    entry(room, user, change) {
      const at = options.now();
      const id = ulid(Math.max(at, floor));
      const { time, timestamp } = format(at);
      const { name } = user;
      const person = options.personOf?.(room, user);
      // Right behind the room stands what tells an entry from a message.
      const { entry, ...rest } = change;
      const fields = { id, room, entry, ...rest, user: name, username: name, time, timestamp, person };
      return {
        id,
        room,
        timestamp,
        body: JSON.stringify(fields).slice(1),
        change,
        text: "",
        answered: undefined,
        files: change.entry === "deleted" ? change.files ?? NO_FILES : NO_FILES,
      };
    },
  };
}

/** Formats times; keeps the texts of the last second and the last millisecond, which cost more than all else here. */
function createTimeFormat(timeZone: string): (at: number) => { time: string; timestamp: string } {
  // The Swedish form of a date and time is YYYY-MM-DD HH:MM:SS.
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  let second = NaN;
  let time = "";
  let last = { at: NaN, timestamp: "" };
  return (at) => {
    if (Math.floor(at / 1000) !== second) {
      second = Math.floor(at / 1000);
      time = local.format(at);
    }
    if (at !== last.at) last = { at, timestamp: new Date(at).toISOString() };
    return { time, timestamp: last.timestamp };
  };
}
