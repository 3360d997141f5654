/** Somebody at a document: what the two kinds of clients have in common, and what the document does for them. */
import type * as Y from "yjs";
import type { Asker } from "./document_access.ts";
import type { DocumentAwareness, Whose } from "./awareness.ts";

/** What a document needs of a socket. */
export interface Connection {
  readonly user: Whose & Asker;
  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** Resolves when what was sent is on its way, or the connection is closed. */
  drained(): Promise<void>;
  close(code: number, reason: string): Promise<void>;
}

export interface Participant {
  readonly connection: Connection;
  /** Takes what its client sends. Throws only what is our own fault. */
  receive(data: string | ArrayBuffer): void;
}

/**
 * How an update comes: `live`, made just now; as an `answer` to what was asked for; or as the `last answer` to what was
 * asked for again and again, which may hold the only copy of what somebody wrote whose isolate died.
 */
export type UpdateKind = "live" | "answer" | "last answer";

/**
 * What became of an update. `unknown`: it refers to edits that aren't known here. `others`: an answer brings edits of
 * somebody who is here, or was a moment ago, that they haven't sent themselves. Neither changed anything.
 */
export type Applied = "applied" | "unknown" | "others";

/** The document as a participant sees it. */
export interface ParticipantHost {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly presence: DocumentAwareness;
  /**
   * Applies a Yjs update, made just now or an answer to what was asked for, unless it can't be: see {@link Applied}.
   * Throws `UpdateError` and `FullError`.
   */
  apply(update: Uint8Array, by: Participant, kind: UpdateKind): Applied;
  /** Asks the other isolates who is there, so that it is known a moment later. */
  askWhoIsThere(): void;
  /** Reads what others have saved. Never rejects. */
  catchUp(): Promise<void>;
  /** Changes the text, under a client id of the participant's own. Throws `FullError`. */
  edit(change: () => void, by: { participant: Participant; client: number; brings: number }): void;
  /** Takes an awareness update. Throws `UpdateError`. */
  present(update: Uint8Array, by: Participant): void;
  /** Notes where the cursor of a participant is that has no awareness of its own. */
  point(client: number, state: Record<string, unknown>, by: Participant): void;
  /** Calls back once the edits made by now are durable; closes the connection of whoever asks on and on in vain. */
  whenSaved(by: Participant, done: () => void): void;
}

/** The document holds as much as it may. */
export class FullError extends Error {
  override readonly name = "FullError";

  constructor() {
    super("The document is as large as it may be");
  }
}
