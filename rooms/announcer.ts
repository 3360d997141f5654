/** Tells a room's members who comes, goes and types: gathered in short windows, so that a crowd stays cheap. */
import type { Member } from "./member.ts";
import { GRACE_MS, Presence } from "./presence.ts";
import { encodeFrame, joinFrames } from "./protocol.ts";
import type { User } from "./user.ts";

/** Comings, goings and typing within this time are told together; in a large room within a longer time. */
const WINDOW_MS = 50;
const WINDOW_MS_PER_MEMBER = 0.5;
/** Someone who keeps typing is reported once in this time. */
const TYPING_EVERY_MS = 1_000;

/** The other isolates and machines, where the same room may be open. */
export interface Elsewhere {
  /** Somebody has entered a room that was empty here. */
  opened(room: string): void;
  /** A user's first connection here opened, or the last one closed. */
  came(room: string, user: User): void;
  went(room: string, user: User): void;
  typing(room: string, user: User): void;
}

/** Nobody is anywhere else. */
export const NOWHERE: Elsewhere = { opened() {}, came() {}, went() {}, typing() {} };

export interface AnnouncerParts {
  readonly room: string;
  readonly members: ReadonlySet<Member>;
  /** Milliseconds, monotonic: after a jump of the clock nobody stays whose grace is over. */
  readonly elapsed: () => number;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly elsewhere: Elsewhere;
  /** Called when nobody is here any more, nor was a moment ago. */
  readonly emptied: () => void;
}

export class Announcer {
  readonly #room: string;
  readonly #members: ReadonlySet<Member>;
  readonly #elapsed: () => number;
  readonly #now: () => number;
  readonly #elsewhere: Elsewhere;
  readonly #emptied: () => void;
  readonly #presence = new Presence();
  /** Connections here, by user. */
  readonly #connections = new Map<string, { user: User; count: number }>();
  /** By isolate, who is at other ones. */
  readonly #others = new Map<string, Map<string, User>>();
  /** By isolate, who has been named so far in a list that comes in parts. */
  readonly #named = new Map<string, Set<string>>();
  readonly #typing = new Map<string, User>();
  /** When users who are here were last reported as typing. */
  readonly #typedAt = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakesAt = Infinity;

  constructor({ room, members, elapsed, now, elsewhere, emptied }: AnnouncerParts) {
    this.#room = room;
    this.#members = members;
    this.#elapsed = elapsed;
    this.#now = now;
    this.#elsewhere = elsewhere;
    this.#emptied = emptied;
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
  get usersHere(): readonly User[] {
    return Array.from(this.#connections.values(), ({ user }) => user);
  }

  opened(member: Member): void {
    if (!this.#connections.size) this.#elsewhere.opened(this.#room);
    this.#connect(member.user);
    this.#wakeWithin(this.#windowMs);
  }

  closed(member: Member): void {
    this.#typing.delete(member.user.id);
    this.#disconnect(member.user, this.#elapsed());
    this.#wakeWithin(GRACE_MS);
  }

  /** A member speaks as somebody else from now on; who it was is gone at once. */
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
    this.#wakeWithin(this.#windowMs);
  }

  cameElsewhere(from: string, user: User): void {
    let others = this.#others.get(from);
    if (!others) this.#others.set(from, others = new Map());
    if (others.has(user.id)) return;
    others.set(user.id, user);
    this.#presence.open(user);
    this.#wakeWithin(this.#windowMs);
  }

  wentElsewhere(from: string, user: User): void {
    if (!this.#others.get(from)?.delete(user.id)) return;
    this.#presence.close(user, this.#elapsed());
    this.#wakeWithin(GRACE_MS);
  }

  /** All who are at another isolate, in parts; whoever isn't named by the last part has gone. */
  areElsewhere(from: string, users: readonly User[], { isFirst, isLast }: PartOfList): void {
    const named = isFirst ? new Set<string>() : this.#named.get(from);
    // The first part was lost.
    if (!named) return;
    this.#named.set(from, named);
    for (const user of users) {
      named.add(user.id);
      this.cameElsewhere(from, user);
    }
    if (!isLast) return;
    this.#named.delete(from);
    for (const user of this.#others.get(from)?.values() ?? []) {
      if (!named.has(user.id)) this.wentElsewhere(from, user);
    }
  }

  /** Another isolate has gone, and all who were there. */
  goneElsewhere(from: string): void {
    this.areElsewhere(from, [], { isFirst: true, isLast: true });
    this.#others.delete(from);
  }

  /** Stops the timer; nothing is told any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#wakesAt = -Infinity;
  }

  #connect(user: User): void {
    const here = this.#connections.get(user.id);
    if (here) return void here.count++;
    this.#connections.set(user.id, { user, count: 1 });
    this.#presence.open(user);
    this.#elsewhere.came(this.#room, user);
  }

  #disconnect(user: User, now: number): void {
    const here = this.#connections.get(user.id);
    if (!here || --here.count) return;
    this.#connections.delete(user.id);
    this.#presence.close(user, now);
    this.#elsewhere.went(this.#room, user);
  }

  get #windowMs(): number {
    return WINDOW_MS + this.#members.size * WINDOW_MS_PER_MEMBER;
  }

  #wakeWithin(ms: number): void {
    const at = this.#elapsed() + ms;
    if (at >= this.#wakesAt) return;
    this.#wakesAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), ms);
  }

  #tell(): void {
    this.#wakesAt = Infinity;
    const now = this.#elapsed();
    const { joined, left } = this.#presence.settle(now);
    for (const { id } of left) this.#typedAt.delete(id);
    const timestamp = new Date(this.#now()).toISOString();
    const doors = [
      ...joined.map(({ id, name: user }) => about(id, { type: "user_join", user, timestamp })),
      ...left.map(({ id, name: user }) => about(id, { type: "user_leave", user, timestamp })),
    ];
    const typing = Array.from(
      this.#typing.values(),
      ({ id, name: user }) => about(id, { type: "user_typing", user }),
    );
    this.#typing.clear();
    this.#send(doors, typing);
    const nextLeave = this.#presence.nextLeave();
    if (nextLeave !== undefined) this.#wakeWithin(Math.max(0, nextLeave - now));
    if (this.isEmpty) this.#emptied();
  }

  /** Sends the news to all but those whom they are about, and who is here when that has changed or isn't known. */
  #send(doors: readonly News[], typing: readonly News[]): void {
    const users = this.users.map(({ name }) => name);
    const list = encodeFrame({ type: "online_users", users, count: users.length });
    const news = [...doors, ...typing];
    const subjects = new Set(news.map(({ userId }) => userId));
    const frames = news.map(({ frame }) => frame);
    if (doors.length) frames.push(list);
    const joined = joinFrames(frames);
    for (const member of this.#members) {
      if (member.knowsUsers && !subjects.has(member.user.id)) {
        if (frames.length) member.send(frames, joined);
        continue;
      }
      // Who has just come needs no news of comings: everyone is on the list.
      const isNew = !member.knowsUsers;
      const others = (isNew ? typing : news).filter(({ userId }) => userId !== member.user.id);
      const own = others.map(({ frame }) => frame);
      if (isNew || doors.length) own.push(list);
      if (own.length) member.send(own);
      member.knowsUsers = true;
    }
  }
}

/** Which part of a list it is. */
interface PartOfList {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** A frame that is sent to all but the user whom it is about. */
interface News {
  readonly userId: string;
  readonly frame: string;
}

function about(userId: string, frame: Parameters<typeof encodeFrame>[0]): News {
  return { userId, frame: encodeFrame(frame) };
}
