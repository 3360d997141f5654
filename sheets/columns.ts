/** What a row says: the fields of a message, or of what was done to one, by the name of their column. */
import type { Message, ROW_COLUMNS } from "../rooms/protocol.ts";
import { entryInBody } from "../rooms/messages/entries/entry.ts";
import { messageInBody } from "../rooms/messages/message.ts";
import { fileLine } from "../rooms/messages/message_text.ts";
import { inRows } from "./column_layout.ts";
import type { Row } from "./sheet.ts";

/** The texts of one row by column; an empty one is left out. `id` and `room` are always there. */
export interface Fields {
  readonly id: string;
  readonly room: string;
  readonly [column: string]: string | undefined;
}

/** The columns that `SHEET_COLUMNS` may name, and what stands in them. */
const COLUMNS: Readonly<
  Record<typeof ROW_COLUMNS[number], (message: Omit<Message, "seq">) => string | undefined>
> = {
  time: ({ time }) => time,
  room: ({ room }) => room,
  username: ({ username }) => username,
  message: ({ message, files }) =>
    files ? [message, ...files.map(fileLine)].filter(Boolean).join("\n") : message,
  id: ({ id }) => id,
  /** The sender's name again when they were signed in, which proves it. */
  account: ({ account, username }) => account && username,
  /** The id of the message that this one answers. */
  reply_to: ({ reply_to }) => reply_to?.id,
  files: ({ files }) => files?.map(fileLine).join("\n"),
  timestamp: ({ timestamp }) => timestamp,
  /** The day in the service's time zone, `YYYY-MM-DD`. */
  date: ({ time }) => time.slice(0, 10),
  kind: () => "message",
  /** Made when the row gets its place, see `proofs/proof.ts`. */
  proof: () => undefined,
};

const TEXTS = Object.entries(COLUMNS);

/** The fields of a message's body. */
export function messageFields(body: string): Fields {
  return fieldsOf(messageInBody(body));
}

/** The fields of a message. */
export function fieldsOf(message: Omit<Message, "seq">): Fields {
  const fields: { id: string; room: string; [column: string]: string } = {
    id: message.id,
    room: message.room,
  };
  for (const [column, textOf] of TEXTS) {
    const text = textOf(message);
    if (text) fields[column] = text;
  }
  return fields;
}

/** The fields of an entry's body. */
export function changeFields(body: string): Fields {
  const { time, room, username, entry, message_id, message, emoji, id } = entryInBody(body);
  return { time, room, username, change: entry, message_id, text: message ?? emoji ?? "", id };
}

/** The row of these fields in a sheet whose header, in any order, is `header`. */
export function rowOf(fields: Fields, header: Row): Row {
  return rowsOf([fields], header)[0];
}

/** The rows of many fields, see {@link rowOf}. */
export function rowsOf(all: readonly Fields[], header: Row): Row[] {
  const columns = inRows(header);
  return all.map((fields) => columns.map((column) => fields[column] ?? ""));
}
