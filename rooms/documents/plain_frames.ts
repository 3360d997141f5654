/**
 * The text frames of a document's socket, `/ws/documents/:id/`, for clients that don't speak Yjs: one JSON object each.
 *
 * | client sends | meaning |
 * | --- | --- |
 * | `{"type":"edit","action":"insert","position":5,"text":"hi"}` | insert; with a `client_id` it asks for a `saved` |
 * | `{"type":"edit","action":"delete","position":5,"text":"hi"}` | delete what stands there |
 * | `{"type":"cursor_move","position":5}` | the cursor stands there |
 * | `{"type":"save","client_id":"7"}` | asks for a `saved` once all that was sent before is durable |
 *
 * Positions are UTF-16 code units. What the service sends: {@link ServerFrame}.
 */
import * as v from "valibot";

/** The size of a text frame, in bytes. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** In bytes of its Yjs state, what was deleted included. */
export const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;
/** A client that kept a whole document answers with all of it, when it doesn't know yet what is here. */
export const MAX_UPDATE_FRAME_BYTES = MAX_DOCUMENT_BYTES + 64 * 1024;

/** What the service sends. `document_content` comes again when an edit may have crossed others on their way. */
export type ServerFrame =
  | { type: "document_content"; content: string }
  | { type: "edit"; user: string; action: "insert" | "delete"; position: number; text: string }
  | { type: "cursor"; user: string; position: number }
  | { type: "user_joined" | "user_left"; user: string }
  | { type: "saved"; client_id: string }
  | { type: "error"; error: string; code: PlainErrorCode; client_id?: string };

export type PlainErrorCode = "invalid_json" | "invalid_frame" | "unknown_type" | "invalid_position" | "full";

/** A frame that can't be acted upon, and changes nothing; its message and code go to the client. */
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

export type PlainFrame = v.InferOutput<typeof SCHEMAS[keyof typeof SCHEMAS]>;
export type Edit = Extract<PlainFrame, { type: "edit" }>;

/** Decodes a client's text frame. Throws {@link PlainError}. */
export function decodePlain(text: string): PlainFrame {
  const frame = parsed(text);
  const type = "type" in frame ? frame.type : undefined;
  if (typeof type !== "string" || !Object.hasOwn(SCHEMAS, type)) {
    throw new PlainError("unknown_type", "Unknown type");
  }
  const result = v.safeParse(SCHEMAS[type as keyof typeof SCHEMAS], frame);
  if (result.success) return result.output;
  const [{ message, path }] = result.issues;
  throw new PlainError(path?.[0].key === "position" ? "invalid_position" : "invalid_frame", message);
}

function parsed(text: string): object {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame === "object" && frame !== null && !Array.isArray(frame)) return frame;
  } catch {
    // Said below.
  }
  throw new PlainError("invalid_json", "Invalid JSON");
}

export function encodePlain(frame: ServerFrame): string {
  return JSON.stringify(frame);
}
