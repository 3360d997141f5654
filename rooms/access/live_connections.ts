/** All open connections, which are closed when their right to be open ends. */
import { within } from "../clock.ts";
import { likenessesOf, likenessOf } from "./likeness.ts";
import type { Change, ChangeFeed } from "../kv/change_feed.ts";
import { CLOSE } from "../protocol.ts";
import { personOf, type User } from "../user.ts";

/** An open connection and the right that it depends on. */
export interface LiveConnection {
  /** The room whose permissions it depends on; `undefined`: none's. */
  readonly room: string | undefined;
  /** The owner of its credential: an account's id, or `service`; for a guest the user's id. */
  readonly owner: string;
  /** The ids that a ban of it may have: those of its person and address in its room, see `bans.ts`; missing: it is in no room. */
  readonly banIds?: readonly string[];
  /** Its present user: roles change, and guests may state a name later. */
  user: User;
  /** The time when its right has to be checked again, in milliseconds since the epoch; `Infinity`: after changes only. */
  endsAt: number;
  /** Checks its right: who it is and until when, or `undefined` when the session or token is no longer valid. */
  renew(): Promise<{ user: User; endsAt: number } | undefined>;
  /** Why its user may not be in the room now; `undefined` when it may. */
  refusal(): { code: number; reason: string } | undefined;
  /** Closes it, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void>;
}

/** Interval of looking for connections whose session, token or invitation may have ended: those have to close within 5 s. */
const SWEEP_EVERY_MS = 2_000;

/** The time that clients have to answer the closing of their sockets. */
const CLOSE_WITHIN_MS = 1_000;
/** Clients may reconnect after about this time. */
export const RESTARTING = "restarting, retry_after_ms=1000";
/** The reason with which a removed member's connections close. */
export const REMOVED = "You were removed from this room";
/** The reason with which an invited guest's connection closes where guests need an invitation. */
export const INVITATION_ENDED = "Your invitation has ended";
/** The reason with which a guest's connection closes when an account gets that name. */
export const NAME_TAKEN = "This name belongs to an account now";

/** Closes connections when their right ends, and counts those of each person. */
export class LiveConnections {
  readonly #now: () => number;
  readonly #failed: (error: unknown) => void;
  readonly #connections = new Set<LiveConnection>();
  #changes = 0;
  /** The number of connections of each person. */
  readonly #counts = new Map<string, number>();
  /** The likenesses of guests' names, kept because each takes 10 µs and is needed for every new account, of which a school makes hundreds at once. */
  readonly #likenesses = new WeakMap<User, ReadonlySet<string>>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** `now` is in milliseconds since the epoch; `failed` is called when a right could not be checked. */
  constructor(changes: ChangeFeed, now: () => number, failed: (error: unknown) => void) {
    this.#now = now;
    this.#failed = failed;
    changes.listen((change) => this.#apply(change));
    this.#timer = setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
  }

  /** The number of connections of the person behind a user; 0 for guests who can't be told from others. */
  count(user: User): number {
    return this.#counts.get(personOf(user) ?? "") ?? 0;
  }

  /** The number of changes applied so far. After each, rights that were checked before may no longer hold. */
  get changes(): number {
    return this.#changes;
  }

  /** Adds a connection; `since` is {@link changes} when its right was checked: after further ones it is checked again. */
  enter(connection: LiveConnection, since: number): void {
    this.#connections.add(connection);
    this.#add(personOf(connection.user), 1);
    if (since !== this.#changes) this.#renew(connection).catch(this.#failed);
  }

  /** Removes a connection that has closed. */
  leave(connection: LiveConnection): void {
    if (this.#connections.delete(connection)) this.#add(personOf(connection.user), -1);
  }

  /** The other ids of the connections in a room that have this one, see {@link LiveConnection.banIds}. */
  idsWith(room: string, id: string): string[] {
    const ids = Array.from(this.#connections).filter((connection) => connection.room === room)
      .map(({ banIds = [] }) => banIds).filter((own) => own.includes(id));
    return [...new Set(ids.flat())].filter((other) => other !== id);
  }

  /** Closes every connection, and resolves when they are closed. */
  async disconnectAll(code: number, reason: string): Promise<void> {
    await Promise.all(Array.from(this.#connections, (connection) => connection.close(code, reason)));
  }

  /** Closes every connection before a restart; resolves when they are closed, at most {@link CLOSE_WITHIN_MS} later. */
  async restart(): Promise<void> {
    await within(CLOSE_WITHIN_MS, this.disconnectAll(CLOSE.restarting, RESTARTING));
  }

  /** Ends the checks. */
  close(): void {
    clearInterval(this.#timer);
  }

  #add(person: string | undefined, by: number): void {
    if (person === undefined) return;
    const count = (this.#counts.get(person) ?? 0) + by;
    if (count) this.#counts.set(person, count);
    else this.#counts.delete(person);
  }

  async #apply(change: Change): Promise<void> {
    this.#changes++;
    const taken = new Set(change.type === "names" ? change.names.map(likenessOf) : []);
    for (const connection of [...this.#connections]) {
      const { user, room } = connection;
      if (change.type === "names") {
        const isTaken = user.isGuest && !this.#likenessesOf(user).isDisjointFrom(taken);
        if (isTaken) void connection.close(CLOSE.notAllowed, NAME_TAKEN);
      }
      if (change.type === "removed" && change.room === room && change.user === user.id) {
        void connection.close(CLOSE.notAllowed, REMOVED);
      }
      if (change.type === "banned" && change.room === room && connection.banIds?.includes(change.id)) {
        await this.#renew(connection);
      }
      if (change.type === "rules" && change.room === room) check(connection);
      const isConcerned = change.type === "unknown" ||
        (change.type === "account" && change.id === connection.owner);
      if (isConcerned) await this.#renew(connection);
    }
  }

  #likenessesOf(user: User): ReadonlySet<string> {
    let likenesses = this.#likenesses.get(user);
    if (!likenesses) this.#likenesses.set(user, likenesses = likenessesOf(user.name));
    return likenesses;
  }

  #sweep(): void {
    const now = this.#now();
    const renewing = Array.from(this.#connections).filter(({ endsAt }) => endsAt <= now)
      .map((connection) => this.#renew(connection));
    Promise.all(renewing).catch(this.#failed);
  }

  async #renew(connection: LiveConnection): Promise<void> {
    const renewed = await connection.renew();
    if (!renewed && connection.user.isGuest) {
      const reason = connection.user.standing?.invitation ? INVITATION_ENDED : NAME_TAKEN;
      return void connection.close(CLOSE.notAllowed, reason);
    }
    if (!renewed) return void connection.close(CLOSE.notSignedIn, "You have been signed out");
    connection.user = renewed.user;
    connection.endsAt = renewed.endsAt;
    check(connection);
  }
}

function check(connection: LiveConnection): void {
  const refusal = connection.refusal();
  if (refusal) void connection.close(refusal.code, refusal.reason);
}
