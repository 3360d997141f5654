/** Who is in a room: the isolates counted at which a user is, with a grace period for those who left the last one. */
import type { User } from "./user.ts";

/** How long someone whose last connection closed is still here: networks flap, pages reload. */
export const GRACE_MS = 5_000;

interface Attendance {
  readonly user: User;
  places: number;
  /** When the others are told that the user left; only without places. */
  leavesAt: number;
  isAnnounced: boolean;
}

/** What changed since the last look. */
export interface Changes {
  readonly joined: readonly User[];
  readonly left: readonly User[];
}

/** Pure bookkeeping: it has no timer; every time comes from the caller, in milliseconds. */
export class Presence {
  readonly #attendances = new Map<string, Attendance>();

  /** This user has come to an isolate. */
  open(user: User): void {
    const attendance = this.#attendances.get(user.id);
    if (attendance) attendance.places++;
    else this.#attendances.set(user.id, { user, places: 1, leavesAt: 0, isAnnounced: false });
  }

  /** This user has left one. */
  close(user: User, now: number): void {
    const attendance = this.#attendances.get(user.id);
    if (!attendance) throw new Error(`Leaving failed: ${user.id} isn't here`);
    attendance.places--;
    attendance.leavesAt = now + GRACE_MS;
  }

  /** Takes out whose grace is over, and tells who came and who went since the last call. */
  settle(now: number): Changes {
    const joined: User[] = [];
    const left: User[] = [];
    for (const [id, attendance] of this.#attendances) {
      if (!attendance.places && attendance.leavesAt <= now) {
        this.#attendances.delete(id);
        if (attendance.isAnnounced) left.push(attendance.user);
      } else if (!attendance.isAnnounced) {
        attendance.isAnnounced = true;
        joined.push(attendance.user);
      }
    }
    return { joined, left };
  }

  /** When the next grace ends; `undefined` when nobody is about to leave. */
  nextLeave(): number | undefined {
    let next: number | undefined;
    for (const { places, leavesAt } of this.#attendances.values()) {
      if (!places && (next === undefined || leavesAt < next)) next = leavesAt;
    }
    return next;
  }

  /** Everyone who is here, in the order of coming. */
  users(): User[] {
    return Array.from(this.#attendances.values(), ({ user }) => user);
  }

  get isEmpty(): boolean {
    return this.#attendances.size === 0;
  }
}
