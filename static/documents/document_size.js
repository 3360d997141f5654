/** @import { Transaction } from "@codemirror/state" */

/**
 * The most bytes of UTF-8 that a text may have, and the most UTF-16 units that one edit may insert. The server refuses a
 * document above 2 MiB and an update above 1 MiB for good, so the editor refuses earlier: Yjs stores more than the text
 * alone, and a UTF-16 unit takes up to three bytes. (`rooms/documents/plain_frames.ts` has the server's limits.)
 */
export const MAX_TEXT_BYTES = 1_900_000;
export const MAX_INSERTED_LENGTH = 300_000;

/**
 * Whether the server would take an edit. A text that gets shorter always fits.
 * @param {Pick<Transaction, "changes" | "newDoc" | "startState">} transaction
 * @returns {boolean}
 */
export function fits({ changes, newDoc, startState }) {
  let inserted = 0;
  changes.iterChanges((_from, _to, _start, _end, text) => {
    inserted += text.length;
  });
  if (inserted > MAX_INSERTED_LENGTH) return false;
  // Encoding the whole text is slow; it isn't needed where three bytes for each unit would fit.
  if (newDoc.length <= startState.doc.length || newDoc.length * 3 <= MAX_TEXT_BYTES) return true;
  return new TextEncoder().encode(newDoc.toString()).length <= MAX_TEXT_BYTES;
}
