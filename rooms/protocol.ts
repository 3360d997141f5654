/**
 * The frames of a room's socket, `/ws/chat/:room/`: text frames of one JSON object each, at most
 * {@link MAX_FRAME_BYTES}. With `?batch=1` the service may send several objects as one JSON array, and says in the last
 * frame, `closing`, why it closes the socket.
 *
 * | client sends | meaning |
 * | --- | --- |
 * | `{"message":"hi"}` `{"message":"hi","username":"Edge"}` | a message; the name counts for guests only |
 * | `{"type":"chat_message","message":"hi","client_id":"1"}` | the same; is answered with an `ack`, and may be sent again |
 * | `{"type":"chat_message","message":"hi","reply_to":"01J…"}` | the same, as an answer to a message |
 * | `{"type":"chat_message","message":"","files":["01J…",{"id":"01J…","alt":"a cat"}]}` | a message with uploaded files |
 * | `{"type":"edit_message","id":"01J…","message":"ho","client_id":"2"}` | gives one's own message another text |
 * | `{"type":"delete_message","id":"01J…","client_id":"3"}` | takes a message's text away |
 * | `{"type":"react","id":"01J…","emoji":"👍","on":true,"client_id":"4"}` | adds or takes back a reaction |
 * | `{"type":"pin_message","id":"01J…","on":true,"client_id":"5"}` | pins a message to the top of the room |
 * | `{"type":"typing"}` | the user is typing |
 * | `{"type":"history","before":"01J…","limit":50}` | older messages |
 * | `{"type":"read","id":"01J…"}` | this account has read up to here, on every device |
 * | `{"type":"ping"}` | is answered with `{"type":"pong"}`, on every socket |
 *
 * What the service sends: {@link ServerFrame}. Clients without `?events=1`, such as those of tutorials, get no `welcome`
 * and no `user_renamed`.
 */
import type { PendingFrame } from "./pending_frames.ts";

/** The size of a frame from a client at most, in bytes of UTF-8; a larger one closes the socket with 1009. */
export const MAX_FRAME_BYTES = 65_536;

/** The most messages in one `history` frame. */
export const MAX_PAGE = 200;
/** Messages in a `history` frame when the request gives no `limit`. */
export const DEFAULT_PAGE = 50;

/** A message as clients read it: a `chat_message` frame without its type. */
export interface Message {
  /** A ULID: 26 characters, sortable by creation time. */
  readonly id: string;
  /** Sorts in the room's order. */
  readonly seq: string;
  readonly room: string;
  /** The same as `username`. */
  readonly user: string;
  readonly username: string;
  readonly message: string;
  /** `YYYY-MM-DD HH:MM:SS` in the service's time zone. */
  readonly time: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  /** Present when the sender was signed in, which proves the name. */
  readonly account?: true;
  /** The sender's id in this room, see `person.ts`; missing in messages of an early version and in erased ones. */
  readonly person?: string;
  /** The message that this one answers. */
  readonly reply_to?: Quote;
  /** When the text was last changed, ISO 8601. */
  readonly edited?: string;
  readonly reactions?: readonly Reaction[];
  readonly files?: readonly MessageFile[];
  /** Only in a message that a host approved: its author's, whom nothing else tells in time which message it is. */
  readonly client_id?: string;
}

/** A picture or another file of a message. */
export interface MessageFile {
  /** A ULID. */
  readonly id: string;
  readonly name: string;
  /** The media type, by the file's content. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** Of pictures, in pixels. */
  readonly width?: number;
  readonly height?: number;
  /** What a picture shows, for people who don't see it. */
  readonly alt?: string;
  /** Where it is: for whoever may enter the room. */
  readonly url: string;
}

/** A file that a message is to name. */
export interface NamedFile {
  readonly id: string;
  readonly alt?: string;
}

/** What a reply tells of the message that it answers: at most 200 characters of its present text. */
export interface Quote {
  readonly id: string;
  readonly username: string;
  readonly message: string;
  /** The message is gone, and with it its text and who said it. */
  readonly deleted?: true;
}

/** The columns that rows of messages may have; `id` is always one of them. */
export const ROW_COLUMNS = [
  "time",
  "room",
  "username",
  "message",
  "id",
  "account",
  "reply_to",
  "files",
  "timestamp",
  "date",
  "kind",
  "proof",
] as const;

/** One emoji under a message. */
export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  /** The names of the first 20 people at most. */
  readonly users: readonly string[];
  /** The reader is one of them; only in a history and its changes, which are for one reader. */
  readonly mine?: true;
}

/** What a client may send, decoded. */
export type ClientFrame =
  | {
    readonly type: "chat_message";
    readonly message: string;
    readonly username?: string;
    readonly client_id?: string;
    readonly reply_to?: string;
    readonly files?: readonly NamedFile[];
  }
  | ChangeFrame
  | { readonly type: "typing" }
  | { readonly type: "history"; readonly before?: string; readonly limit: number }
  | { readonly type: "read"; readonly id: string };

/** What a client may do to a message; `id` is the message's. */
export type ChangeFrame =
  & { readonly id: string; readonly client_id?: string }
  & (
    | { readonly type: "edit_message"; readonly message: string }
    | { readonly type: "delete_message" }
    | { readonly type: "react"; readonly emoji: string; readonly on: boolean }
    | { readonly type: "pin_message"; readonly on: boolean }
  );

/** A frame that only those may send who may write, and that counts as a message. */
export type WritingFrame = ChangeFrame | ClientFrame & { readonly type: "chat_message" };

/** Whether a frame says something, or changes what was said. */
export function isWriting(frame: ClientFrame | Ping): frame is WritingFrame {
  const { type } = frame;
  return type !== "typing" && type !== "history" && type !== "read" && type !== "ping";
}

/** Asks for a `pong`, to test the connection; the socket answers it, no room. */
export interface Ping {
  readonly type: "ping";
}

/** What the service sends; clients must ignore unknown types and fields. */
export type ServerFrame =
  | { type: "chat_message" } & Message
  | { type: "history"; messages: PastMessage[]; more: boolean; changes?: ChangedFrame[] }
  | { type: "welcome"; person: string; username: string }
  | { type: "online_users"; users: string[]; count: number; people?: OnlinePerson[] }
  | { type: "user_join" | "user_leave"; user: string; person: string; timestamp: string }
  | { type: "user_renamed"; person: string; from: string; to: string }
  | { type: "user_typing"; user: string; person: string }
  | { type: "ack"; client_id: string; id: string; timestamp: string }
  | { type: "recorded" | "not_recorded"; ids: string[] }
  | ChangedFrame
  | {
    type: "room";
    room: string;
    title: string;
    private: boolean;
    read_only: boolean;
    closed?: true;
    description?: string;
    slow_mode_seconds?: number;
    approval?: true;
    /** Only in the frame on connect, which is for one user. */
    may_change?: boolean;
    may_moderate?: true;
  }
  | PendingFrame
  /** To the other connections of an account: it has read up to the message `id`, behind which are `unread` others. */
  | { type: "read"; id: string; unread: number }
  | { type: "pong" }
  | { type: "closing"; code: number; reason: string }
  | { type: "error"; error: string; code: ErrorCode; client_id?: string; retry_after_ms?: number };

/** What was done to messages: `id` and `seq` are the entry's, but in `message_deleted`, where `id` is the message's. */
export type ChangedFrame =
  | { type: "message_deleted"; room: string; id: string; entry_id?: string; seq?: string }
  | (
    & { id: string; seq: string; room: string }
    & ({
      type: "message_edited";
      message_id: string;
      user: string;
      message: string;
      edited: string;
    } | {
      /** The whole state of the message's reactions; `person` has just added (`on`) or taken back `emoji`. */
      type: "reactions";
      message_id: string;
      reactions: Reaction[];
      person?: string;
      emoji?: string;
      on?: boolean;
    } | { type: "pins"; messages: Message[] })
  );

/** A user who is online. */
export interface OnlinePerson {
  readonly person: string;
  readonly username: string;
  /** Present when the user is signed in, which proves the name. */
  readonly account?: true;
}

/** A message in a history: whether the sheet has it or refused it, and whether its text was deleted. */
export type PastMessage = Message & { recorded?: true; not_recorded?: true; deleted?: true };

/** Why a frame was refused. */
export type ErrorCode =
  | "invalid_json"
  | "invalid_frame"
  | "unknown_type"
  | "empty"
  | "too_long"
  | "rate_limited"
  | "backpressure"
  | "storage_lost"
  | "read_only"
  | "name_taken"
  | "name_refused"
  | "not_found"
  | "not_allowed"
  | "too_late"
  | "file_refused"
  | "muted"
  | "slow_mode"
  | "blocked_word"
  | "internal";

/** The codes with which the service closes a socket (RFC 6455, 7.4; 4000 to 4999 are its own). */
export const CLOSE = {
  notSignedIn: 4001,
  notAllowed: 4003,
  tooMany: 4008,
  readerTooSlow: 4013,
  frameTooLarge: 1009,
  internal: 1011,
  restarting: 1012,
} as const;

/** A frame is refused; the message and code go to the client. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code: ErrorCode;
  /** The `client_id` of the message that it is about. */
  readonly clientId: string | undefined;
  /** Milliseconds after which the client may try again. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: { clientId?: string; retryAfterMs?: number } = {}) {
    super(message);
    this.code = code;
    this.clientId = details.clientId;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The JSON object that a text consists of; `undefined` when it is anything else. */
export function parseObject(text: unknown): object | undefined {
  try {
    const value: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Encodes a frame without messages; frames with messages are made of lines, see `message.ts`. */
export function encodeFrame(frame: ServerFrame): string {
  return JSON.stringify(frame);
}

/** Several frames as one text, for a client that takes batches. */
export function joinFrames(frames: readonly string[]): string {
  return frames.length === 1 ? frames[0] : `[${frames.join(",")}]`;
}
