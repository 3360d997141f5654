/** Sends a room's members who comes, goes and types: at once, and after that gathered for a while, so that a crowd stays cheap. */
import type { Member } from "../member.ts";
import { type Claim, NameClaims } from "./name_claims.ts";
import { type Attendee, GRACE_MS, Presence } from "./presence.ts";
import { sendPresence } from "./presence_frames.ts";
import { ANONYMOUS, isBadged, SERVICE_ID, type User } from "../user.ts";

/**
 * After sending, a room rests this long for each member, and sends what has gathered by then together: each time all members
 * get the whole list, which took most of the CPU while 3,000 people came into rooms of 500.
 */
const REST_MS_PER_MEMBER = 10;
/** The longest rest. */
const MAX_REST_MS = 1_000;
/** Someone who keeps typing is reported once in this time. */
const TYPING_EVERY_MS = 1_000;

/** The other isolates and machines, where the same room may be open. */
export interface RemotePresence {
  /** A user's first connection here opened, or the last one closed. */
  came(room: string, user: User): void;
  went(room: string, user: User): void;
  typing(room: string, user: User): void;
  /** Who is in the room elsewhere; a user who is at two isolates comes twice. */
  elsewhere(room: string): Iterable<User>;
}

interface PresenceEventsParts {
  readonly room: string;
  readonly members: ReadonlySet<Member>;
  /** Milliseconds, monotonic: after a jump of the clock nobody stays whose grace is over. */
  readonly elapsed: () => number;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Who a user is in the room's frames. */
  readonly personOf: (user: User) => string;
  /** Whether an account owns a name. */
  readonly isOwned: (name: string) => Promise<boolean>;
  readonly elsewhere: RemotePresence;
  /** Called when nobody is here any more, nor was a moment ago. */
  readonly emptied: () => void;
}

/** Who is in a room, and the frames that its members get about it. */
export class PresenceEvents {
  readonly #room: string;
  readonly #members: ReadonlySet<Member>;
  readonly #elapsed: () => number;
  readonly #now: () => number;
  readonly #personOf: (user: User) => string;
  readonly #elsewhere: RemotePresence;
  readonly #emptied: () => void;
  readonly #presence = new Presence();
  readonly #claims: NameClaims;
  /** Connections here, by user. */
  readonly #connections = new Map<string, { user: Attendee; count: number }>();
  readonly #typing = new Map<string, User>();
  /** When users who are here were last reported as typing. */
  readonly #typedAt = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakesAt = Infinity;
  #restsUntil = -Infinity;

  constructor({ room, members, elapsed, now, personOf, isOwned, elsewhere, emptied }: PresenceEventsParts) {
    this.#room = room;
    this.#members = members;
    this.#elapsed = elapsed;
    this.#now = now;
    this.#personOf = personOf;
    this.#claims = new NameClaims({ presence: this.#presence, now, isOwned });
    this.#elsewhere = elsewhere;
    this.#emptied = emptied;
    for (const user of elsewhere.elsewhere(room)) this.#presence.open(user);
  }

  /** Whether nobody is here, nor was within the grace period. */
  get isEmpty(): boolean {
    return !this.#connections.size && this.#presence.nextLeave() === undefined;
  }

  /** Everyone who is in the room, here and elsewhere. */
  get users(): readonly User[] {
    return this.#presence.users();
  }

  /** Those of them who are here. */
  get usersHere(): readonly Attendee[] {
    return Array.from(this.#connections.values(), ({ user }) => user);
  }

  /** Sets a name aside for somebody who is about to be known by it, see {@link NameClaims.claim}. */
  claim(user: User): Promise<Claim> {
    return this.#claims.claim(user);
  }

  opened(member: Member): void {
    this.#connect(member.user);
    this.#wakeWithin(0);
  }

  closed(member: Member): void {
    this.#typing.delete(member.user.id);
    this.#disconnect(member.user, this.#elapsed());
    this.#wakeWithin(GRACE_MS);
  }

  /** A member speaks as somebody else from now on; who it was is gone at once, or has another name. */
  renamed(member: Member, user: User): void {
    this.#disconnect(member.user, this.#elapsed() - GRACE_MS);
    member.user = user;
    this.opened(member);
  }

  typing(member: Member): void {
    const now = this.#elapsed();
    const last = this.#typedAt.get(member.user.id) ?? -Infinity;
    if (now - last < TYPING_EVERY_MS) return;
    this.#typedAt.set(member.user.id, now);
    this.#elsewhere.typing(this.#room, member.user);
    this.typesElsewhere(member.user);
  }

  typesElsewhere(user: User): void {
    this.#typing.set(user.id, user);
    this.#wakeWithin(0);
  }

  cameElsewhere(user: Attendee): void {
    this.#presence.open(user);
    this.#knowElsewhere(user);
  }

  /** A user who is at another isolate has another name now. */
  renamedElsewhere(user: Attendee): void {
    this.#presence.rename(user);
    this.#knowElsewhere(user);
  }

  wentElsewhere(user: User): void {
    this.#presence.close(user, this.#elapsed());
    this.#wakeWithin(GRACE_MS);
  }

  #knowElsewhere(user: Attendee): void {
    this.#goBy(user.id);
    this.#wakeWithin(0);
    this.#yieldName(user.name);
  }

  /** Stops the timer; nothing is sent any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#wakesAt = -Infinity;
  }

  #connect(user: User): void {
    const here = this.#connections.get(user.id);
    if (here) {
      here.count++;
      if (here.user.name !== user.name) this.#rename(user);
      return;
    }
    const now = this.#now();
    this.#presence.open({ ...user, since: now, namedAt: now });
    const known = { ...user, ...this.#presence.attendee(user.id) };
    this.#connections.set(user.id, { user: known, count: 1 });
    this.#goBy(user.id);
    this.#elsewhere.came(this.#room, known);
  }

  /** Somebody who is here has another name now, and the other isolates are to know. */
  #rename(user: User): void {
    if (user.id === SERVICE_ID) return;
    this.#presence.rename({ ...user, namedAt: this.#now() });
    this.#goBy(user.id);
    this.#elsewhere.came(this.#room, this.#connections.get(user.id)?.user ?? user);
    this.#wakeWithin(0);
  }

  /** Gives all connections of a user the present name. */
  #goBy(id: string): void {
    const here = this.#connections.get(id);
    const known = this.#presence.attendee(id);
    if (!here || !known || id === SERVICE_ID) return;
    const { name } = known;
    here.user = { ...here.user, name, since: known.since, namedAt: known.namedAt };
    for (const member of this.#members) {
      if (member.user.id === id && member.user.name !== name) member.user = { ...member.user, name };
    }
  }

  /** Two isolates may have given one name at the same time: users here who came later give it up. */
  #yieldName(name: string): void {
    const [, ...later] = this.#presence.names.holders(name);
    for (const id of later) {
      const here = this.#connections.get(id);
      if (!here || !isBadged(id) || here.user.name === ANONYMOUS) continue;
      this.claim(here.user).then(({ user, release }) => {
        if (this.#connections.has(id)) this.#rename(user);
        release();
        // Names that can't be looked up stay as they are, until they are next posted.
      }, () => {});
    }
  }

  #disconnect(user: User, now: number): void {
    const here = this.#connections.get(user.id);
    if (!here || --here.count) return;
    this.#connections.delete(user.id);
    this.#presence.close(user, now);
    this.#elsewhere.went(this.#room, user);
  }

  /** Sends after this time, or when the rest is over. */
  #wakeWithin(ms: number): void {
    const now = this.#elapsed();
    const at = Math.max(now + ms, this.#restsUntil);
    if (at >= this.#wakesAt) return;
    this.#wakesAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), at - now);
  }

  #send(): void {
    // Deno 2.5 calls a timer back that was cleared in the turn in which it fell due.
    if (this.#wakesAt === -Infinity) return;
    this.#wakesAt = Infinity;
    const now = this.#elapsed();
    const { joined, left, renamed } = this.#presence.settle(now);
    for (const { id } of left) this.#typedAt.delete(id);
    const typing = [...this.#typing.values()];
    this.#typing.clear();
    const { users } = this;
    const timestamp = new Date(this.#now()).toISOString();
    sendPresence(this.#members, { joined, left, renamed, typing, users, timestamp }, this.#personOf);
    this.#restsUntil = now + Math.min(MAX_REST_MS, this.#members.size * REST_MS_PER_MEMBER);
    const nextLeave = this.#presence.nextLeave();
    if (nextLeave !== undefined) this.#wakeWithin(Math.max(0, nextLeave - now));
    if (this.isEmpty) this.#emptied();
  }
}
