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

export class Announcer {
  readonly #members: ReadonlySet<Member>;
  readonly #now: () => number;
  readonly #emptied: () => void;
  readonly #presence = new Presence();
  readonly #typing = new Map<string, User>();
  /** When users who are here were last reported as typing. */
  readonly #typedAt = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakesAt = Infinity;

  /** `emptied` is called when the last user has left, their grace included. */
  constructor(members: ReadonlySet<Member>, now: () => number, emptied: () => void) {
    this.#members = members;
    this.#now = now;
    this.#emptied = emptied;
  }

  /** Whether nobody is here, nor was within the grace period. */
  get isEmpty(): boolean {
    return this.#presence.isEmpty;
  }

  /** Everyone who is here. */
  get users(): readonly User[] {
    return this.#presence.users();
  }

  opened(member: Member): void {
    this.#presence.open(member.user);
    this.#wakeWithin(this.#windowMs);
  }

  closed(member: Member): void {
    this.#typing.delete(member.user.id);
    this.#presence.close(member.user, this.#now());
    this.#wakeWithin(GRACE_MS);
  }

  /** A member speaks as somebody else from now on; who it was is gone at once. */
  renamed(member: Member, user: User): void {
    this.#presence.close(member.user, this.#now() - GRACE_MS);
    member.user = user;
    this.opened(member);
  }

  typing(member: Member): void {
    const now = this.#now();
    const last = this.#typedAt.get(member.user.id) ?? -Infinity;
    if (now - last < TYPING_EVERY_MS) return;
    this.#typedAt.set(member.user.id, now);
    this.#typing.set(member.user.id, member.user);
    this.#wakeWithin(this.#windowMs);
  }

  /** Stops the timer; nothing is told any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#wakesAt = -Infinity;
  }

  get #windowMs(): number {
    return WINDOW_MS + this.#members.size * WINDOW_MS_PER_MEMBER;
  }

  #wakeWithin(ms: number): void {
    const at = this.#now() + ms;
    if (at >= this.#wakesAt) return;
    this.#wakesAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), ms);
  }

  #tell(): void {
    this.#wakesAt = Infinity;
    const now = this.#now();
    const { joined, left } = this.#presence.settle(now);
    for (const { id } of left) this.#typedAt.delete(id);
    const timestamp = new Date(now).toISOString();
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
    else if (this.isEmpty) this.#emptied();
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

/** A frame that is sent to all but the user whom it is about. */
interface News {
  readonly userId: string;
  readonly frame: string;
}

function about(userId: string, frame: Parameters<typeof encodeFrame>[0]): News {
  return { userId, frame: encodeFrame(frame) };
}
