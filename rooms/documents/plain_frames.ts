/**
 * The text frames of a document's socket, `/ws/documents/:id/`, for clients that don't speak Yjs: one JSON object each,
 * at most {@link MAX_FRAME_BYTES}.
 *
 * | client sends | meaning |
 * | --- | --- |
 * | `{"type":"edit","action":"insert","position":5,"text":"hi"}` | insert the text; with a `client_id`, send `saved` when it is durable |
 * | `{"type":"edit","action":"delete","position":5,"text":"hi"}` | delete the text at this position |
 * | `{"type":"cursor_move","position":5}` | the cursor is at this position |
 * | `{"type":"save","client_id":"7"}` | send `saved` once all edits sent before are durable |
 *
 * Positions count UTF-16 code units. The service sends {@link ServerFrame}s.
 */
import * as v from "valibot";
import { parseObject } from "../protocol.ts";
import { MAX_DOCUMENT_BYTES } from "./yjs/size_limit.ts";

/** The size of a text frame, in bytes. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** Size of a binary frame: a client that was offline may send a whole document. */
export const MAX_UPDATE_FRAME_BYTES = MAX_DOCUMENT_BYTES + 64 * 1024;

/** A frame from the service. `document_content` is sent again when an edit may have crossed others on their way. */
export type ServerFrame =
  | { type: "document_content"; content: string }
  | { type: "edit"; user: string; action: "insert" | "delete"; position: number; text: string }
  | { type: "cursor"; user: string; position: number }
  | { type: "user_joined" | "user_left"; user: string }
  | { type: "saved"; client_id: string }
  | { type: "error"; error: string; code: PlainErrorCode; client_id?: string };

/** Why a frame was refused. */
export type PlainErrorCode = "invalid_json" | "invalid_frame" | "unknown_type" | "invalid_position" | "full";

/** A frame that is refused and changes nothing; its message and code go to the client. */
export class PlainError extends Error {
  override readonly name = "PlainError";
  readonly code: PlainErrorCode;

  constructor(code: PlainErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const CLIENT_ID = v.pipe(
  v.string(`"client_id" must be text`),
  v.maxLength(64, `"client_id" must have at most 64 characters`),
);
const POSITION = v.pipe(
  v.number(`"position" must be a number`),
  v.integer(`"position" must be a whole number`),
  v.minValue(0, `"position" must be 0 or more`),
);

const SCHEMAS = {
  edit: v.object({
    type: v.literal("edit"),
    action: v.picklist(["insert", "delete"], `"action" must be "insert" or "delete"`),
    position: POSITION,
    text: v.pipe(
      v.string(`"text" must be text`),
      v.nonEmpty(`"text" must not be empty`),
      v.check((text) => text.isWellFormed(), `"text" must be whole characters`),
    ),
    client_id: v.optional(CLIENT_ID),
  }),
  cursor_move: v.object({ type: v.literal("cursor_move"), position: POSITION }),
  save: v.object({ type: v.literal("save"), client_id: CLIENT_ID }),
};

/** A frame from a client, decoded. */
export type PlainFrame = v.InferOutput<typeof SCHEMAS[keyof typeof SCHEMAS]>;
/** A frame that inserts or deletes text. */
export type Edit = Extract<PlainFrame, { type: "edit" }>;

/**
 * Decodes a client's text frame.
 *
 * @throws {PlainError} when it isn't one
 */
export function decodePlain(text: string): PlainFrame {
  const frame = parseObject(text);
  if (!frame) throw new PlainError("invalid_json", "Invalid JSON");
  const type = "type" in frame ? frame.type : undefined;
  if (typeof type !== "string" || !Object.hasOwn(SCHEMAS, type)) {
    throw new PlainError("unknown_type", "Unknown type");
  }
  const result = v.safeParse(SCHEMAS[type as keyof typeof SCHEMAS], frame);
  if (result.success) return result.output;
  const [{ message, path }] = result.issues;
  throw new PlainError(path?.[0].key === "position" ? "invalid_position" : "invalid_frame", message);
}

/** Encodes a frame of the service. */
export function encodePlain(frame: ServerFrame): string {
  return JSON.stringify(frame);
}
