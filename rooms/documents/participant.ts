/** Somebody at a document: what the two kinds of clients have in common, and what the document does for them. */
import type * as Y from "yjs";
import type { Presence } from "./presence.ts";

/** What a document needs of a socket. */
export interface Connection {
  readonly user: { readonly id: string; readonly name: string };
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

/** The document as a participant sees it. */
export interface Desk {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly presence: Presence;
  /**
   * Applies a Yjs update, made just now or an answer to what was asked for; answers false, and changes nothing, when it
   * refers to what isn't known. Throws `UpdateError` and `FullError`.
   */
  apply(update: Uint8Array, by: Participant, how: { isLive: boolean }): boolean;
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
