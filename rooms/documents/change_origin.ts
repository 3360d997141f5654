/** Where a change of a document comes from: the values that Yjs passes on as a transaction's `origin`. */
import type * as Y from "yjs";
import type { DocumentAwareness } from "./yjs/awareness.ts";
import type { Participant } from "./participant.ts";

/** The change was read from KV. */
export const KV = Symbol("KV");
/** The change restores a version. */
export const RESTORED = Symbol("restored");

/** Another isolate posted the change: its id, and the number of the edit there. */
export interface Posted {
  readonly from: string;
  readonly number: number;
}

/** Whether a client of this isolate made the change. */
export function isParticipant(origin: unknown): origin is Participant {
  return typeof origin === "object" && origin !== null && "connection" in origin;
}

/** Whether another isolate posted the change. */
export function isPosted(origin: unknown): origin is Posted {
  return typeof origin === "object" && origin !== null && "number" in origin && "from" in origin;
}

/** The name of a change's author: the connection's user, or else the user whose client's clock advanced; `""`: unknown. */
export function authorOf(transaction: Y.Transaction, awareness: DocumentAwareness): string {
  const { afterState, beforeState } = transaction;
  const origin: unknown = transaction.origin;
  if (isParticipant(origin)) return origin.connection.user.name;
  const client = [...afterState].find(([client, clock]) => clock !== (beforeState.get(client) ?? 0))?.[0];
  return client === undefined ? "" : awareness.nameOf(client) ?? "";
}
