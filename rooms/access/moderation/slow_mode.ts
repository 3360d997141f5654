/** Slow mode: when each person of a room last said something, on any isolate or machine. */
import type { CommittedMessage } from "../../messages/commit_stream.ts";
import { fieldsIn, isEntry } from "../../messages/message.ts";
import type { PermissionStore } from "../room_permissions.ts";

/** The longest time between two messages of one person, in seconds. */
export const MAX_SLOW_SECONDS = 3_600;
/** The most people in memory; beyond that, those who spoke longest ago are forgotten. */
const MAX_KEPT = 10_000;

/** Remembers who spoke in rooms in slow mode. A message counts when it is accepted here, and when its commit arrives. */
export class SlowMode {
  readonly #roomPermissions: Pick<PermissionStore, "heldPermissions">;
  readonly #spoken = new Map<string, number>();

  constructor(roomPermissions: Pick<PermissionStore, "heldPermissions">) {
    this.#roomPermissions = roomPermissions;
  }

  /** When a person may speak again in a room with at least `seconds` between messages; 0: at once. */
  mayAt(room: string, person: string, seconds: number): number {
    if (!seconds) return 0;
    return (this.#spoken.get(keyOf(room, person)) ?? -Infinity) + seconds * 1000;
  }

  /** Notes that a person speaks at the time `at`, in milliseconds since the epoch. */
  note(room: string, person: string, at: number): void {
    const key = keyOf(room, person);
    if ((this.#spoken.get(key) ?? 0) >= at) return;
    this.#spoken.delete(key);
    this.#spoken.set(key, at);
    const [oldest] = this.#spoken.keys();
    if (this.#spoken.size > MAX_KEPT) this.#spoken.delete(oldest);
  }

  /** Takes note of messages that any process committed. */
  committed(messages: readonly CommittedMessage[]): void {
    for (const { room, line } of messages) {
      if (!this.#roomPermissions.heldPermissions(room)?.slowModeSeconds || isEntry(line)) continue;
      const { person, timestamp } = fieldsIn(line);
      if (person !== undefined) this.note(room, person, Date.parse(timestamp));
    }
  }
}

function keyOf(room: string, person: string): string {
  return `${room} ${person}`;
}
