/** Who is in a room: the isolates counted at which a user is, with a grace period for those who left the last one. */
import { NamesInUse } from "./names_in_use.ts";
import { SERVICE_ID, type User } from "../user.ts";

/** For this time after their last connection closed, users count as here: networks flap, pages reload. */
export const GRACE_MS = 5_000;

/** Somebody in a room. */
export interface Attendee extends User {
  /** When they came, in milliseconds since the epoch, as far as it is known. */
  readonly since?: number;
  /** When they were given their name, likewise: of two names the later one holds. */
  readonly namedAt?: number;
}

/** A user whose name has changed since it was last sent. */
export interface Renamed {
  readonly user: User;
  readonly from: string;
}

interface Attendance {
  user: User;
  readonly since: number;
  namedAt: number;
  /** The name that the others were sent last, if it is another one. */
  formerName: string | undefined;
  isolates: number;
  /** When the others are notified that the user left; only when no isolate has them. */
  leavesAt: number;
  isAnnounced: boolean;
}

/** What changed since the last call of {@link Presence.settle}. */
export interface PresenceChanges {
  readonly joined: readonly User[];
  readonly left: readonly User[];
  readonly renamed: readonly Renamed[];
}

/** Pure bookkeeping: it has no timer; every time comes from the caller, in milliseconds. */
export class Presence {
  readonly #attendances = new Map<string, Attendance>();
  /** The names of those who are here, and names set aside for users who are joining. */
  readonly names = new NamesInUse();

  /** This user has come to an isolate; somebody who is here already under another name has changed it. */
  open(user: Attendee): void {
    const { id, name, since = 0, namedAt = 0 } = user;
    const attendance = this.#attendances.get(id);
    if (attendance) {
      attendance.isolates++;
      return this.rename(user);
    }
    this.#attendances.set(id, {
      user,
      since,
      namedAt,
      formerName: undefined,
      isolates: 1,
      leavesAt: 0,
      isAnnounced: false,
    });
    this.names.hold(name, id, since);
  }

  /** Somebody who is here has this name now, unless a later one is known. */
  rename(user: Attendee): void {
    const attendance = this.#attendances.get(user.id);
    // Programs of the service are one user under several names.
    if (!attendance || user.id === SERVICE_ID) return;
    const { name: former } = attendance.user;
    const { namedAt = 0 } = user;
    // News of other isolates may cross on the way; all have to come to the same name.
    const isOlder = namedAt < attendance.namedAt || (namedAt === attendance.namedAt && user.name < former);
    if (isOlder) return;
    attendance.namedAt = namedAt;
    if (user.name === former) return;
    attendance.formerName ??= former;
    attendance.user = user;
    this.names.release(former, user.id);
    this.names.hold(user.name, user.id, attendance.since);
  }

  /** Somebody who is here, as they are known here. */
  attendee(id: string): Attendee | undefined {
    const attendance = this.#attendances.get(id);
    return attendance && { ...attendance.user, since: attendance.since, namedAt: attendance.namedAt };
  }

  /** This user has left one. */
  close(user: User, now: number): void {
    const attendance = this.#attendances.get(user.id);
    if (!attendance) throw new Error(`Leaving failed: ${user.id} isn't here`);
    attendance.isolates--;
    attendance.leavesAt = now + GRACE_MS;
  }

  /** Removes users whose grace is over; answers who came, left or changed the name since the last call. */
  settle(now: number): PresenceChanges {
    const joined: User[] = [];
    const left: User[] = [];
    const renamed: Renamed[] = [];
    for (const [id, attendance] of this.#attendances) {
      const { user, formerName: from } = attendance;
      attendance.formerName = undefined;
      if (!attendance.isolates && attendance.leavesAt <= now) {
        this.#attendances.delete(id);
        this.names.release(user.name, id);
        // The others know who left by the name that they were sent.
        if (attendance.isAnnounced) left.push(from === undefined ? user : { ...user, name: from });
      } else if (!attendance.isAnnounced) {
        attendance.isAnnounced = true;
        joined.push(user);
      } else if (from !== undefined && from !== user.name) {
        renamed.push({ user, from });
      }
    }
    return { joined, left, renamed };
  }

  /** When the next grace ends; `undefined` when nobody is about to leave. */
  nextLeave(): number | undefined {
    let next: number | undefined;
    for (const { isolates, leavesAt } of this.#attendances.values()) {
      if (!isolates && (next === undefined || leavesAt < next)) next = leavesAt;
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
