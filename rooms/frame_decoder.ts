/** Decodes what clients of rooms send, see `protocol.ts`. */
import * as v from "valibot";
import {
  type ClientFrame,
  DEFAULT_PAGE,
  FrameError,
  MAX_PAGE,
  type NamedFile,
  parseObject,
  type Ping,
} from "./protocol.ts";

const text = (field: string, most: number) =>
  v.pipe(
    v.string(`"${field}" must be text`),
    v.maxLength(most, `"${field}" must have at most ${most} characters`),
  );

const CLIENT_ID = v.optional(text("client_id", 64));
const MESSAGE_ID = text("id", 26);
/** The most files of one message. */
const MAX_FILES = 10;
const FILES_TWICE = `"files" must have each file once`;
const FILE_ID = text("files", 26);
/** The id of a file, alone or with what a picture shows. */
const FILE = v.union(
  [
    v.pipe(FILE_ID, v.transform((id): NamedFile => ({ id }))),
    v.object({ id: FILE_ID, alt: v.optional(text("alt", 500)) }),
  ],
  `"files" must be a list of files' ids`,
);
const ON = v.boolean(`"on" must be true or false`);

const SCHEMAS = {
  chat_message: v.object({
    type: v.literal("chat_message"),
    message: v.string(`"message" must be text`),
    username: v.optional(v.string(`"username" must be text`)),
    client_id: CLIENT_ID,
    reply_to: v.optional(text("reply_to", 26)),
    files: v.optional(
      v.pipe(
        v.array(FILE, `"files" must be a list of files' ids`),
        v.maxLength(MAX_FILES, `"files" must have at most ${MAX_FILES} files`),
        v.check((files) => new Set(files.map(({ id }) => id)).size === files.length, FILES_TWICE),
      ),
    ),
  }),
  edit_message: v.object({
    type: v.literal("edit_message"),
    id: MESSAGE_ID,
    message: v.string(`"message" must be text`),
    client_id: CLIENT_ID,
  }),
  delete_message: v.object({ type: v.literal("delete_message"), id: MESSAGE_ID, client_id: CLIENT_ID }),
  react: v.object({
    type: v.literal("react"),
    id: MESSAGE_ID,
    emoji: v.string(`"emoji" must be text`),
    on: ON,
    client_id: CLIENT_ID,
  }),
  pin_message: v.object({ type: v.literal("pin_message"), id: MESSAGE_ID, on: ON, client_id: CLIENT_ID }),
  typing: v.object({ type: v.literal("typing") }),
  read: v.object({ type: v.literal("read"), id: MESSAGE_ID }),
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
  const frame = parseObject(text);
  if (!frame) throw new FrameError("invalid_json", "Invalid JSON");
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
