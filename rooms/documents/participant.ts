/** A client of a document: what both kinds of clients have in common, and what the document does for them. */
import type * as Y from "yjs";
import type { Asker } from "./document_access.ts";
import type { DocumentAwareness, DocumentUser } from "./yjs/awareness.ts";

/** What a document needs of a socket. */
export interface Connection {
  readonly user: DocumentUser & Asker;
  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** Resolves when the frames sent so far are on their way, or the connection is closed. */
  drained(): Promise<void>;
  /** Closes the connection with a WebSocket close code. */
  close(code: number, reason: string): Promise<void>;
}

/** One connection to a document, in the protocol that its client speaks. */
export interface Participant {
  readonly connection: Connection;
  /** Applies a frame of the client. Answers bad input to the client; throws only for our own faults. */
  receive(data: string | ArrayBuffer): void;
  /** Stops the participant's timers; the document calls this when it has left. */
  leave(): void;
}

/**
 * How an update comes: `live`, made just now; as an `answer` to a request of the server; or as the `last answer` after
 * several requests, which may hold the only copy of edits whose isolate died.
 */
export type UpdateKind = "live" | "answer" | "last answer";

/**
 * The result of an update. `unknown`: it refers to edits that this isolate doesn't have. `others`: an answer contains
 * edits of another user who is here, or left a moment ago, and hasn't sent them. Neither of the two changes anything.
 * `partly`: so does an answer of which some of the sender's own edits were applied.
 */
export type Applied = "applied" | "unknown" | "others" | "partly";

/** The document as a participant sees it. */
export interface ParticipantHost {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly awareness: DocumentAwareness;
  /**
   * Applies a Yjs update as far as {@link Applied} says.
   *
   * @throws {UpdateError} when no honest client would send it
   * @throws {FullError} when the document would exceed its size limit
   */
  apply(update: Uint8Array, by: Participant, kind: UpdateKind): Applied;
  /** Asks the other isolates for their awareness states, which arrive a moment later. */
  requestAwareness(): void;
  /** Reads what other isolates have saved. Never rejects. */
  catchUp(): Promise<void>;
  /**
   * Changes the text under a client id of the participant's own; `inserts` is the number of UTF-16 code units inserted.
   *
   * @throws {FullError} when the document would exceed its size limit
   */
  edit(change: () => void, by: { participant: Participant; client: number; inserts: number }): void;
  /**
   * Applies an awareness update.
   *
   * @throws {UpdateError} when it can't be decoded or announces too many clients
   */
  applyAwareness(update: Uint8Array, by: Participant): void;
  /** Sets the awareness state, such as the cursor, of a participant whose client sends none. */
  setAwareness(client: number, state: Record<string, unknown>, by: Participant): void;
  /** Calls `done` once all edits made by now are durable. Closes the connection if too many calls of it wait. */
  whenSaved(by: Participant, done: () => void): void;
}
