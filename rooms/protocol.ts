/**
 * The frames of a room's socket, `/ws/chat/:room/`: text frames of one JSON object each, at most
 * {@link MAX_FRAME_BYTES}. With `?batch=1` the service may send several objects as one JSON array, and says in the last
 * frame, `closing`, why it closes the socket.
 *
 * | client sends | meaning |
 * | --- | --- |
 * | `{"message":"hi"}` `{"message":"hi","username":"Edge"}` | a message; the name counts for guests only |
 * | `{"type":"chat_message","message":"hi","client_id":"1"}` | the same; is answered with an `ack`, and may be sent again |
 * | `{"type":"typing"}` | the user is typing |
 * | `{"type":"history","before":"01J…","limit":50}` | older messages |
 * | `{"type":"ping"}` | is answered with `{"type":"pong"}`, on every socket |
 *
 * What the service sends: {@link ServerFrame}. Clients without `?events=1`, such as those of tutorials, get no `welcome`
 * and no `user_renamed`.
 */
import * as v from "valibot";

/** The size of a frame from a client at most, in bytes of UTF-8; a larger one closes the socket with 1009. */
export const MAX_FRAME_BYTES = 65_536;

/** Messages in one `history` frame at most. */
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
}

/** What a client may send, decoded. */
export type ClientFrame =
  | {
    readonly type: "chat_message";
    readonly message: string;
    readonly username?: string;
    readonly client_id?: string;
  }
  | { readonly type: "typing" }
  | { readonly type: "history"; readonly before?: string; readonly limit: number };

/** Asks for a `pong`, to test the connection; the socket answers it, no room. */
export interface Ping {
  readonly type: "ping";
}

/** What the service sends; clients must ignore unknown types and fields. */
export type ServerFrame =
  | { type: "chat_message" } & Message
  | { type: "history"; messages: PastMessage[]; more: boolean }
  | { type: "welcome"; person: string; username: string }
  | { type: "online_users"; users: string[]; count: number; people?: OnlinePerson[] }
  | { type: "user_join" | "user_leave"; user: string; person: string; timestamp: string }
  | { type: "user_renamed"; person: string; from: string; to: string }
  | { type: "user_typing"; user: string; person: string }
  | { type: "ack"; client_id: string; id: string; timestamp: string }
  | { type: "recorded" | "not_recorded"; ids: string[] }
  | { type: "message_deleted"; room: string; id: string }
  | {
    type: "room";
    room: string;
    title: string;
    private: boolean;
    read_only: boolean;
    closed?: true;
    /** Only in the frame on connect, which is for one user. */
    may_change?: boolean;
  }
  | { type: "pong" }
  | { type: "closing"; code: number; reason: string }
  | { type: "error"; error: string; code: ErrorCode; client_id?: string; retry_after_ms?: number };

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

const text = (field: string, most: number) =>
  v.pipe(
    v.string(`"${field}" must be text`),
    v.maxLength(most, `"${field}" must have at most ${most} characters`),
  );

const CLIENT_ID = v.optional(text("client_id", 64));

const SCHEMAS = {
  chat_message: v.object({
    type: v.literal("chat_message"),
    message: v.string(`"message" must be text`),
    username: v.optional(v.string(`"username" must be text`)),
    client_id: CLIENT_ID,
  }),
  typing: v.object({ type: v.literal("typing") }),
  ping: v.object({ type: v.literal("ping") }),
  history: v.object({
    type: v.literal("history"),
    before: v.optional(text("before", 26)),
    limit: v.optional(
      v.pipe(
        v.number(`"limit" must be a number`),
        v.integer(`"limit" must be a whole number`),
        v.minValue(1, `"limit" must be at least 1`),
        v.transform((limit) => Math.min(limit, MAX_PAGE)),
      ),
      DEFAULT_PAGE,
    ),
  }),
};

/**
 * Decodes a client's frame.
 *
 * @throws {FrameError} when it isn't one.
 */
export function decodeFrame(text: unknown): ClientFrame | Ping {
  const frame = parse(text);
  const type = "type" in frame ? frame.type : "chat_message";
  if (typeof type !== "string" || !Object.hasOwn(SCHEMAS, type)) {
    throw new FrameError("unknown_type", "Unknown type");
  }
  if (type === "chat_message" && !("message" in frame)) throw new FrameError("empty", "Message is empty");
  const result = v.safeParse(SCHEMAS[type as keyof typeof SCHEMAS], { ...frame, type });
  if (!result.success) {
    throw new FrameError("invalid_frame", result.issues[0].message, { clientId: clientIdIn(frame) });
  }
  return result.output;
}

function clientIdIn(frame: object): string | undefined {
  return "client_id" in frame && typeof frame.client_id === "string" ? frame.client_id : undefined;
}

function parse(text: unknown): object {
  try {
    const frame: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    if (typeof frame === "object" && frame !== null && !Array.isArray(frame)) return frame;
  } catch {
    // Thrown below.
  }
  throw new FrameError("invalid_json", "Invalid JSON");
}

/** Encodes a frame without messages; frames with messages are made of lines, see `message.ts`. */
export function encodeFrame(frame: ServerFrame): string {
  return JSON.stringify(frame);
}

/** Several frames as one text, for a client that takes batches. */
export function joinFrames(frames: readonly string[]): string {
  return frames.length === 1 ? frames[0] : `[${frames.join(",")}]`;
}
