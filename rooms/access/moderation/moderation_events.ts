/**
 * What hosts did in a room, kept for a day.
 *
 * | key | value |
 * | --- | --- |
 * | `["moderation", room, id]` | {@link ModerationEvent} |
 */
import { ulid } from "ulid";
import type { Act } from "../../messages/entries/entry.ts";

/** One act of a host. */
export interface ModerationEvent {
  readonly id: string;
  readonly act: Act;
  /** The name of the host. */
  readonly by: string;
  /** The name of the person whom it was about; `""` when it was about the room. */
  readonly whom: string;
  /** More about it, such as `10 min`; may be `""`. */
  readonly detail: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

const EVENT = "moderation";
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Stores and reads events. */
export class ModerationEvents {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;

  /** `now` is in milliseconds since the epoch. */
  constructor({ kv, now }: { kv: Deno.Kv; now: () => number }) {
    this.#kv = kv;
    this.#now = now;
  }

  /** Notes an act. */
  async add(room: string, act: Pick<ModerationEvent, "act" | "by" | "whom" | "detail">): Promise<void> {
    const at = this.#now();
    const event: ModerationEvent = { id: ulid(at), ...act, timestamp: new Date(at).toISOString() };
    await this.#kv.set([EVENT, room, event.id], event, { expireIn: KEPT_MS });
  }

  /** The acts of the last day, the newest first, at most `limit`. */
  async list(room: string, limit: number): Promise<ModerationEvent[]> {
    const entries = this.#kv.list<ModerationEvent>({ prefix: [EVENT, room] }, { reverse: true, limit });
    const all = await Array.fromAsync(entries, ({ value }) => value);
    return all.filter(({ timestamp }) => this.#now() - Date.parse(timestamp) < KEPT_MS);
  }
}
