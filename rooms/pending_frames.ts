/** The frames about messages that wait for approval, which the service sends; see `protocol.ts`. */

/** A message waits for a host, or was decided on. */
export type PendingFrame =
  /** To its author: a message waits for approval. */
  | { type: "pending"; client_id?: string; id: string }
  /** To hosts: the same. */
  | {
    type: "pending_message";
    id: string;
    room: string;
    user: string;
    username: string;
    person: string;
    message: string;
    timestamp: string;
    account?: true;
    reply_to?: { id: string };
  }
  /** To its author and to hosts: it was decided on, and became the message `message_id`. */
  | {
    type: "pending_decided";
    id: string;
    room: string;
    client_id?: string;
    approved: boolean;
    message_id?: string;
  };

/** Frames outside of the order of messages that clients of the tutorials don't know. */
export const EVENTS: ReadonlySet<string> = new Set([
  "message_deleted",
  "pending_message",
  "pending_decided",
]);
