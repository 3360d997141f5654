/**
 * How a message is recognised when it is sent again.
 *
 * | key | value |
 * | --- | --- |
 * | `["sent", room, user id, client id, SHA-256 of the text]` | `{ id, timestamp }` of the message; deleted after a day |
 */
import { createHash } from "node:crypto";
import type { Draft } from "./draft.ts";

/** For a day a resend is recognised. */
export const RESEND_LIFE_MS = 24 * 60 * 60 * 1000;

/** Two messages in a room are the same one when user, client id and text are the same. */
export interface ResendKey {
  readonly userId: string;
  readonly clientId: string;
  readonly message: string;
  /** Whether another process may be storing the same message now: its sender was connected there just before. */
  readonly isDoubtful?: boolean;
}

/** What a message got when it became durable. */
export interface Accepted {
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  /** Missing for a resend. */
  readonly seq?: string;
}

/** What is the same for all sendings of a message. */
export function nameOf({ room }: Draft, { userId, clientId, message }: ResendKey): string {
  return JSON.stringify([room, userId, clientId, message]);
}

/** What became of a message that was sent before; `undefined`: it isn't stored, or was longer than a day ago. */
export async function findSent(kv: Deno.Kv, room: string, key: ResendKey): Promise<Accepted | undefined> {
  return (await kv.get<Accepted>(keyOf({ room }, key))).value ?? undefined;
}

/** The key under which a resend is recognised. */
export function keyOf({ room }: Pick<Draft, "room">, { userId, clientId, message }: ResendKey): Deno.KvKey {
  // Two guests of the same name may both number their messages from 1: the text tells them apart.
  return ["sent", room, userId, clientId, createHash("sha256").update(message).digest("base64url")];
}
