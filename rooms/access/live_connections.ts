/** The doors: every connection with its right to be where it is, which may end while it is open. */
import { foldName } from "./account_name.ts";
import type { Change, ChangeFeed } from "../kv/change_feed.ts";
import { CLOSE } from "../protocol.ts";
import { personOf, type User } from "../user.ts";

/** A connection on its way through a door, and behind it. */
export interface LiveConnection {
  /** The room whose rules it depends on, if it does. */
  readonly room: string | undefined;
  /** Whose pass lets it in: an account's id, or `service`; a guest's own id. */
  readonly owner: string;
  /** Who it is by now: roles change, and a guest may state a name later. */
  user: User;
  /** When the right to be here has to be looked at again; `Infinity`: only when something changes. */
  endsAt: number;
  /** Looks at it again: who it is and until when, or `undefined` when the session or token is no longer valid. */
  renew(): Promise<{ user: User; endsAt: number } | undefined>;
  /** Why its user may not be here, as of now; `undefined` for one who may. */
  refusal(): { code: number; reason: string } | undefined;
  /** Closes it, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void>;
}

/** How often visits are looked at whose session or token may have ended by time. */
const SWEEP_EVERY_MS = 30_000;

/** The time that clients have to answer that their sockets close, in milliseconds. */
const CLOSE_WITHIN_MS = 1_000;
/** Clients may come back after this time, give or take. */
export const RESTARTING = "restarting, retry_after_ms=1000";
export const REMOVED = "You were removed from this room";
export const NAME_TAKEN = "This name belongs to an account now";

export class LiveConnections {
  readonly #now: () => number;
  readonly #failed: (error: unknown) => void;
  readonly #visits = new Set<LiveConnection>();
  #heeded = 0;
  /** How many visits each person has. */
  readonly #counts = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** `failed` is called when a right could not be looked at. */
  constructor(changes: ChangeFeed, now: () => number, failed: (error: unknown) => void) {
    this.#now = now;
    this.#failed = failed;
    changes.listen((change) => this.#heed(change));
    this.#timer = setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
  }

  /** How many connections the person behind a user has; 0 for those who can't be told from others. */
  count(user: User): number {
    return this.#counts.get(personOf(user) ?? "") ?? 0;
  }

  /** How many changes were heeded so far: what was looked up before one may no longer hold after it. */
  get changes(): number {
    return this.#heeded;
  }

  /** Lets a visit in whose right was looked up after so many {@link changes}; if there were more, it is looked at again. */
  enter(visit: LiveConnection, since: number): void {
    this.#visits.add(visit);
    this.#add(personOf(visit.user), 1);
    if (since !== this.#heeded) this.#renew(visit).catch(this.#failed);
  }

  leave(visit: LiveConnection): void {
    if (this.#visits.delete(visit)) this.#add(personOf(visit.user), -1);
  }

  /** Closes every visit, and resolves when they are closed. */
  async disconnectAll(code: number, reason: string): Promise<void> {
    await Promise.all(Array.from(this.#visits, (visit) => visit.close(code, reason)));
  }

  /** Closes all as before a restart, and resolves when they are closed, or soon after. */
  async restart(): Promise<void> {
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, CLOSE_WITHIN_MS);
    await Promise.race([this.disconnectAll(CLOSE.restarting, RESTARTING), patience.promise]);
    clearTimeout(timer);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #add(person: string | undefined, by: number): void {
    if (person === undefined) return;
    const count = (this.#counts.get(person) ?? 0) + by;
    if (count) this.#counts.set(person, count);
    else this.#counts.delete(person);
  }

  async #heed(change: Change): Promise<void> {
    this.#heeded++;
    for (const visit of [...this.#visits]) {
      const { user, room } = visit;
      if (change.type === "names") {
        const isTaken = user.isGuest && change.names.includes(foldName(user.name));
        if (isTaken) void visit.close(CLOSE.notAllowed, NAME_TAKEN);
      }
      if (change.type === "removed" && change.room === room && change.user === user.id) {
        void visit.close(CLOSE.notAllowed, REMOVED);
      }
      if (change.type === "rules" && change.room === room) check(visit);
      const isConcerned = change.type === "unknown" ||
        (change.type === "account" && change.id === visit.owner);
      if (isConcerned) await this.#renew(visit);
    }
  }

  #sweep(): void {
    const now = this.#now();
    const renewing = Array.from(this.#visits).filter(({ endsAt }) => endsAt <= now)
      .map((visit) => this.#renew(visit));
    Promise.all(renewing).catch(this.#failed);
  }

  async #renew(visit: LiveConnection): Promise<void> {
    const renewed = await visit.renew();
    if (!renewed && visit.user.isGuest) return void visit.close(CLOSE.notAllowed, NAME_TAKEN);
    if (!renewed) return void visit.close(CLOSE.notSignedIn, "You have been signed out");
    visit.user = renewed.user;
    visit.endsAt = renewed.endsAt;
    check(visit);
  }
}

function check(visit: LiveConnection): void {
  const refusal = visit.refusal();
  if (refusal) void visit.close(refusal.code, refusal.reason);
}
