/** The text of a message: what members may write, and the form in which it is stored. */
import { FrameError, type MessageFile } from "../protocol.ts";

/** Google's limit for a cell is 50,000 characters (https://support.google.com/drive/answer/37603). */
const CELL_LENGTH = 50_000;
/** A body with this many bytes of UTF-8 still fits into a stored value, see `MAX_VALUE_BYTES`. */
const MAX_BODY_BYTES = 60_000;
// deno-lint-ignore no-control-regex -- they are removed
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const encoder = new TextEncoder();

/**
 * A text in the form in which it is stored: Unicode without control characters, and `\n` for every line break.
 * `maxLength` is in characters, 0 for as many as a sheet's cell holds; `clientId` goes into the error. With files the
 * text may be empty.
 *
 * @throws {FrameError} when nothing is left of it, or it is too long.
 */
export function cleanText(
  message: string,
  maxLength: number,
  clientId: string | undefined,
  files: readonly MessageFile[] = [],
): string {
  const text = message.toWellFormed().replace(/\r\n?/g, "\n").replace(CONTROLS, "");
  if (!text.trim()) {
    if (files.length) return "";
    throw new FrameError("empty", "Message is empty", { clientId });
  }
  // In the sheet a line for each file follows in the same cell.
  const lines = files.reduce((sum, file) => sum + fileLine(file).length + 1, 0);
  const most = Math.min(maxLength || CELL_LENGTH, CELL_LENGTH - lines);
  if (text.length > most && (text.length > CELL_LENGTH || [...text].length > most)) throw tooLong(clientId);
  return text;
}

/** A file in a cell of a sheet: its name and its address, as one line. */
export function fileLine({ name, url }: MessageFile): string {
  return `${name} ${url}`;
}

/**
 * Checks that a message's body can be stored: escapes and UTF-8 make it longer than its text.
 *
 * @throws {FrameError} when it can't.
 */
export function checkBody(body: string, clientId: string | undefined): void {
  // A character takes three bytes at most: short bodies need no encoding.
  if (body.length * 3 > MAX_BODY_BYTES && encoder.encode(body).length > MAX_BODY_BYTES) {
    throw tooLong(clientId);
  }
}

function tooLong(clientId: string | undefined): FrameError {
  return new FrameError("too_long", "Message is too long", { clientId });
}
